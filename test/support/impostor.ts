/** A server whose certificate nobody has signed but itself: what it is told is told to a stranger. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";

const pem = (what: string, lines: string): string => `-----BEGIN ${what}-----\n${lines}\n-----END ${what}-----\n`;

/** Of 127.0.0.1 and localhost, for a hundred years. The key opens nothing: no machine trusts the certificate. */
const key = pem(
  "PRIVATE KEY",
  `MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg5Wb4YMr5cra3OEf7
ZlFFbmpEYSKkZbfjF6Xi9NEfMVqhRANCAATH6Y7ARvPtNiJ0EdKkLmK9TxP/6f3m
XS/EBkAKVpcv4jMugRmcGGpwd9/WZRVPDFRqN1lw7SV4pS2EPgSs3gg1`,
);
const cert = pem(
  "CERTIFICATE",
  `MIIBmDCCAT+gAwIBAgIUO5B3lOMaeRZF8zwRMN+4MZi1EGcwCgYIKoZIzj0EAwIw
EzERMA8GA1UEAwwIaW1wb3N0b3IwIBcNMjYxMTI1MTgwNDA4WhgPMjEyNjExMDEx
ODA0MDhaMBMxETAPBgNVBAMMCGltcG9zdG9yMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEx+mOwEbz7TYidBHSpC5ivU8T/+n95l0vxAZAClaXL+IzLoEZnBhqcHff
1mUVTwxUajdZcO0leKUthD4ErN4INaNvMG0wHQYDVR0OBBYEFBC3B3aW6ayoZha4
u935CkLw8Z2PMB8GA1UdIwQYMBaAFBC3B3aW6ayoZha4u935CkLw8Z2PMA8GA1Ud
EwEB/wQFMAMBAf8wGgYDVR0RBBMwEYcEfwAAAYIJbG9jYWxob3N0MAoGCCqGSM49
BAMCA0cAMEQCIA2CnGAUh/N+7nCjbraOToK8J48OaWfQN6PPujgpaYHCAiA3RC4Y
ndz/SBESOoCpZzRrmgooVR2jG8QRH+9GzYI/tw==`,
);

export interface Impostor {
  readonly port: number;
  /** Connections that came, whether or not they went on. */
  readonly connections: number;
  /** All that was said to it. */
  readonly heard: string;
  close(): Promise<void>;
}

export async function startImpostor(): Promise<Impostor> {
  let [connections, heard] = [0, ""];
  const server = createServer({ key, cert }, (socket) => {
    socket.on("data", (bytes) => {
      heard += bytes.toString("latin1");
    });
    socket.on("error", () => {});
  });
  server.on("connection", () => {
    connections += 1;
  });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    get heard() {
      return heard;
    },
    async close() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
