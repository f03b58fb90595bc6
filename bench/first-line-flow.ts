/** A flow whose first line says when it was reached. */
import { appendFileSync } from "node:fs";
import { flow } from "millrace";

export const firstLine = flow("bench-first-line", async ({ file }: { file: string }) => {
  appendFileSync(file, `${Date.now()}\n`);
});
