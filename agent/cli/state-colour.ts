/** The colour of a state, always beside its name. */
import type { Colours } from "./output.ts";

export function paintState(text: string, type: string | null, colours: Colours): string {
  switch (type) {
    case "COMPLETED":
      return colours.green(text);
    case "FAILED":
      return colours.red(text);
    case "CRASHED":
      return colours.magenta(text);
    case "RUNNING":
      return colours.cyan(text);
    case "CANCELLED":
    case "CANCELLING":
    case "PAUSED":
      return colours.yellow(text);
    default:
      return text;
  }
}
