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

/** The flow that is meant: the one named, of all that the file declares, or the only one that it exports. */
export function chooseFlow<F extends { name: string }>(
  { flows, declared }: { flows: readonly F[]; declared: readonly F[] },
  { file, flow }: FlowRef,
): F {
  const names = (list: readonly F[]) => list.map(({ name }) => name).join(", ");
  if (flow !== null) {
    const found = declared.find(({ name }) => name === flow);
    if (found) return found;
    throw usage(`${file} has no flow "${flow}"; it has ${names(declared)}.`, flow);
  }
  const [only, second] = flows;
  if (only && !second) return only;
  throw usage(`${file} has several flows: ${names(flows)}. Say which, as ${file}:${only?.name}.`, file);
}
