import { expect, test } from "vitest";
import { urlOf } from "./raw-call.ts";

const BASE = "https://millrace.example/api/accounts/a/workspaces/w";

test.each([
  ["[CL38] a path of the workspace", "/flows/filter", `${BASE}/flows/filter`],
  ["[CL38] without a slash", "flows/filter", `${BASE}/flows/filter`],
  ["[CL38] a path of the server", "/api/me/", "https://millrace.example/api/me/"],
  ["[CL38] a path that only begins alike", "/apis", `${BASE}/apis`],
  ["[CL38] a whole address of the same server", "https://millrace.example/api/me/", "https://millrace.example/api/me/"],
])("%s", (_case, path, expected) => {
  expect(urlOf(BASE, path)).toBe(expected);
});

test.each(["https://evil.example/api/me/", "http://millrace.example/api", "https://millrace.example:8443/api"])(
  "[CL38] the key does not go to %s",
  (path) => {
    expect(() => urlOf(BASE, path)).toThrow("is not the server of your key");
  },
);
