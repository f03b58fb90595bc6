/**
 * The oracle of domain/schedule over all five years of its zones: `node test/faults/schedules.ts`, some minutes. The unit tests take the
 * days around changes of clocks.
 */
import { disagreements, FROM, TO, ZONES } from "@millrace/domain/schedule/oracle.ts";

let found = 0;
for (const zone of ZONES) {
  const differing = disagreements(zone, { from: FROM, to: TO });
  console.log(`${zone}: ${differing.length === 0 ? "agrees" : differing.join("; ")}`);
  found += differing.length;
}
process.exitCode = found === 0 ? 0 : 1;
