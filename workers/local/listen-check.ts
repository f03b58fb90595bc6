/** Whether an address can be listened on, found out before anything is started on it. */
import { createServer } from "node:net";
import { reasonOf, StartProblem } from "./problem.ts";
import { portTaken } from "./runtime.ts";

/** Rejects with a sentence when the port is taken or the address is not this machine's. */
export function checkListening(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error) => {
      const reason = reasonOf(error);
      if (reason === "EADDRINUSE") reject(portTaken(host, port));
      else if (reason === "EACCES")
        reject(new StartProblem(`Port ${port} may not be used by this user: choose one above 1023 with --port.`));
      else if (reason === "EADDRNOTAVAIL")
        reject(
          new StartProblem(
            `${host} is no address of this machine: choose one of its own with --host, or 0.0.0.0 for all.`,
          ),
        );
      else reject(new StartProblem(`Port ${port} of ${host} cannot be used (${reason}): choose another with --port.`));
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()));
  });
}
