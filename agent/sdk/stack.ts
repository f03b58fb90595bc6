/**
 * A stack as its reader needs it: the lines of their own files, from the root of their project, and how many others there were.
 * Where none of the lines is theirs, all stay: then it is the others that matter.
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** Where this code lies: the SDK's own folder, or a bundle, whose sources are named from the folder above it. */
const HERE = dirname(fileURLToPath(import.meta.url));

const FRAME = /^\s+at /;
/** What the bundler calls the lines of libraries (deploy/bundle.ts), and what a platform has. */
const OTHERS = [/[\\/]library:\d+:\d+\)?$/, /[\\/]node_modules[\\/]/, /\bnode:/];
/** `JSON.parse (<anonymous>)` belongs to the line that called it. */
const BUILTIN = /<anonymous>\)?$|\(native\)$/;

export function readableStack(stack: string, here = HERE): string {
  const lines = stack.split("\n");
  const last = lines.findLastIndex((line) => !FRAME.test(line));
  const head = lines.slice(0, last + 1);
  const frames = lines.slice(last + 1);
  const own: string[] = [];
  let calledByOwn = false;
  for (const frame of frames.toReversed()) {
    if (!BUILTIN.test(frame)) calledByOwn = !frame.includes(here) && !OTHERS.some((pattern) => pattern.test(frame));
    if (calledByOwn) own.unshift(frame);
  }
  const others = frames.length - own.length;
  if (own.length === 0 || others === 0) return stack;
  const root = `${dirname(here)}/`;
  const shown = own.map((frame) => frame.replace("file://", "").replace(root, ""));
  return [...head, ...shown, `    … ${others} more of libraries and Node`].join("\n");
}
