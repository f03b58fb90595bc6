/** The checksums were made by Prefect 3.9.1 of the same JSON. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { checksumText } from "./checksum.ts";

const checksum = (text: string, path?: string[]): string =>
  createHash("sha256").update(checksumText(text, path)).digest("hex");

const ODD = String.raw`{"a": 1.0, "\u00e9": "\u00e4\ud83d\ude00\u007f", "z": [1e-07, 1e+22, 0.5, true, null, -0.0, 1.2345678901234568e+20, 100], "secret_fields": ["x"], "properties": {"p": {"$ref": "#/definitions/N"}, "q": {"$ref": "#/definitions/B"}}, "definitions": {"N": {"type": "object", "secret_fields": [], "x": [{"$ref": "#/definitions/M"}]}, "M": {"type": "integer", "default": 2}, "B": {"block_type_slug": "b"}, "E": {}}}`;

test("[BL1] odd text, numbers as they were written, and definitions of other blocks", () => {
  expect(checksum(ODD)).toBe("65bda5515a09ae078608481b2232136ae684e96ceb704e34add6eb10e6238da8");
  expect(checksum(`{"fields": ${ODD}, "x": 1}`, ["fields"])).toBe(
    "65bda5515a09ae078608481b2232136ae684e96ceb704e34add6eb10e6238da8",
  );
});

test("[BL1] no fields are no mistake", () => {
  expect(checksumText("{}", ["fields"])).toBe("[[{}], {}]");
});
