/**
 * Whom a credential may be shown. A server that cannot prove its name is not asked again: TLS ends before anything of ours is sent, and
 * whoever stands in its place would be shown the key at the first try that succeeds.
 */
import type { ApiSettings } from "./settings.ts";

/** How OpenSSL and Node name what is wrong with a certificate. */
const CERTIFICATE_FAULT =
  /^(CERT_|ERR_TLS_CERT_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED|ERROR_IN_CERT)/;

/** The server's certificate is not one of its name that this machine trusts. */
export class UntrustedServerError extends Error {
  override name = "UntrustedServerError";
}

/** The error for people, where a connection to `url` failed for the server's certificate; null where it was something else. */
export function untrusted(url: string, error: unknown): UntrustedServerError | null {
  const { code, message } = error as NodeJS.ErrnoException;
  if (typeof code !== "string" || !CERTIFICATE_FAULT.test(code)) return null;
  const { hostname } = new URL(url);
  return new UntrustedServerError(
    `The server at ${hostname} shows a certificate that is not trusted (${message}). Nothing was sent to it.`,
    { cause: error },
  );
}

const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/i;

export const isLoopback = (hostname: string): boolean => LOOPBACK.test(hostname);

/** What people should know of a credential that crosses a network unencrypted; null where it does not. */
export function exposure({ url, credential }: Pick<ApiSettings, "url" | "credential">): string | null {
  const { protocol, hostname, host } = new URL(url);
  if (protocol !== "http:" || credential.kind === "none" || isLoopback(hostname)) return null;
  return `The key is sent to http://${host} unencrypted: whoever is on the way can read and use it. Use https://, if the network is not your own.`;
}
