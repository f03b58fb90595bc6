/** The profile of a name, or the problem that names those there are. */
import type { Profile, Profiles } from "../sdk/api/profiles.ts";
import { Problem } from "./problem.ts";

export function profileOf({ profiles }: Profiles, name: string): Profile {
  const profile = profiles[name];
  if (profile) return profile;
  const known = Object.keys(profiles).join(", ") || "none yet";
  throw new Problem(`There is no profile "${name}"; there are: ${known}.`, { code: "not_found", field: name });
}
