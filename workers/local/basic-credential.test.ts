import { expect, test } from "vitest";
import { basicCredential } from "./basic-credential.ts";

test("[LO2] a key becomes id and secret", () => {
  expect(basicCredential("mrl_abc123_s-ec_ret")).toBe("abc123:s-ec_ret");
});

test("[LO2] a key of another form is not guessed at", () => {
  expect(() => basicCredential("pnu_onlyone")).toThrow("unknown form");
});
