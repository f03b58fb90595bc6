import { expect, test } from "vitest";
import { retryingFetch } from "./retrying-fetch.ts";
import { exposure, isLoopback, UntrustedServerError, untrusted } from "./trust.ts";

const bearer = { kind: "bearer", token: "secret" } as const;
const failure = (code: string) => Object.assign(new Error("what OpenSSL says"), { code });

test.each([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "CERT_HAS_EXPIRED",
  "CERT_REVOKED",
])("[SD47] %s is asked once, and told with the host", async (code) => {
  let asked = 0;
  const send = retryingFetch({
    budgetMs: 60_000,
    fetch: () => {
      asked += 1;
      return Promise.reject(failure(code));
    },
  });
  await expect(send("https://millrace.test/api/flows/", {})).rejects.toThrow(UntrustedServerError);
  await expect(send("https://millrace.test/api/flows/", {})).rejects.toThrow("The server at millrace.test shows");
  expect(asked).toBe(2);
});

test.each(["ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENOTFOUND", "ERR_SSL_WRONG_VERSION_NUMBER"])(
  "[SD47] %s is no matter of trust",
  (code) => {
    expect(untrusted("https://millrace.test/api", failure(code))).toBeNull();
  },
);

test.each([
  ["http://10.0.0.7:4200/api", bearer, true],
  ["http://millrace.example.com/api", { kind: "basic", pair: "id:secret" }, true],
  ["http://127.0.0.1.example.com/api", bearer, true],
  ["http://localhost.example.com/api", bearer, true],
  ["http://10.0.0.7:4200/api", { kind: "none" }, false],
  ["https://millrace.example.com/api", bearer, false],
  ["http://127.0.0.1:4200/api", bearer, false],
  ["http://127.9.9.9/api", bearer, false],
  ["http://[::1]:4200/api", bearer, false],
  ["http://localhost:4200/api", bearer, false],
  ["http://millrace.localhost/api", bearer, false],
] as const)("[SD48] a key that goes to %s", (url, credential, exposed) => {
  expect(exposure({ url, credential }) !== null).toBe(exposed);
  expect(exposure({ url, credential }) ?? "").not.toContain("secret");
});

test("[SD48] what only looks like this machine is not", () => {
  expect(["127.0.0.1.evil.test", "localhost.evil.test", "[::2]", "0.0.0.0"].map(isLoopback)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
