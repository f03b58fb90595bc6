/** `flows.ts:hello`: a file and the flow in it. */
import { usage } from "./problem.ts";

export interface FlowRef {
  file: string;
  flow: string | null;
}

export function readFlowRef(text: string): FlowRef {
  const colon = text.lastIndexOf(":");
  // A drive letter of Windows is no file before a colon.
  if (colon <= 1) return { file: text, flow: null };
  return { file: text.slice(0, colon), flow: text.slice(colon + 1) };
}

/** The flow that is meant: the one named, or the only one. */
export function chooseFlow<F extends { name: string }>(flows: readonly F[], { file, flow }: FlowRef): F {
  const names = flows.map(({ name }) => name).join(", ");
  if (flow !== null) {
    const found = flows.find(({ name }) => name === flow);
    if (found) return found;
    throw usage(`${file} has no flow "${flow}"; it has ${names}.`, flow);
  }
  const [only, second] = flows;
  if (!only || second) throw usage(`${file} has several flows: ${names}. Say which, as ${file}:${only?.name}.`, file);
  return only;
}
