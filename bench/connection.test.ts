import { createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { Connection } from "./connection.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that answers each request with the next of the given texts, sent in the given pieces; a character is a byte. */
async function answering(...answers: string[][]): Promise<Connection> {
  const server = createServer((socket: Socket) => {
    socket.setNoDelay(true);
    socket.on("data", () => {
      const pieces = answers.shift() ?? [];
      const send = () => {
        const piece = pieces.shift();
        if (piece === undefined) return;
        if (piece === "CLOSE") socket.end();
        else socket.write(Buffer.from(piece, "latin1"), () => setImmediate(send));
      };
      send();
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Connection.open("127.0.0.1", (server.address() as { port: number }).port);
}

const HEAD = "HTTP/1.1 200 OK\r\n";

test.each([
  ["[BE3] with a length", [`${HEAD}Content-Length: 5\r\n\r\nhello`]],
  ["[BE3] divided in the head and in the body", ["HTTP/1.1 2", "00 OK\r\ncontent-le", "ngth: 5\r\n\r", "\nhe", "llo"]],
  ["[BE3] in chunks", [`${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n`]],
  [
    "[BE3] in divided chunks",
    [`${HEAD}transfer-encoding: chunked\r\n\r\n2\r\nh`, "e\r\n3", "\r\nllo\r\n0\r\n", "\r\n"],
  ],
])("%s", async (_case, pieces) => {
  const connection = await answering([...pieces], [...pieces]);
  for (let again = 0; again < 2; again++)
    expect(await connection.request("GET", "/")).toEqual({ status: 200, text: "hello" });
  connection.close();
});

test("[BE3] no content, then content", async () => {
  const connection = await answering(["HTTP/1.1 204 No Content\r\n\r\n"], [`${HEAD}content-length: 2\r\n\r\nok`]);
  expect(await connection.request("GET", "/")).toEqual({ status: 204, text: "" });
  expect(await connection.request("POST", "/", "{}")).toEqual({ status: 200, text: "ok" });
  connection.close();
});

test("[BE3] a letter whose bytes come apart stays a letter", async () => {
  const connection = await answering([`${HEAD}content-length: 4\r\n\r\nz\xc3`, "\xbcg"]);
  expect((await connection.request("GET", "/")).text).toBe("züg");
  connection.close();
});

test("[BE3] a connection that ends in the middle fails its request, and the next one opens another", async () => {
  const connection = await answering(
    [`${HEAD}content-length: 9\r\n\r\nhal`, "CLOSE"],
    [`${HEAD}content-length: 2\r\n\r\nok`],
  );
  await expect(connection.request("GET", "/")).rejects.toThrow("closed the connection");
  expect((await connection.request("GET", "/")).text).toBe("ok");
  connection.close();
});
