/**
 * The arithmetic of slots: how many are taken, and whether there is room for more.
 *
 * LI1  What is taken, asked for, and wanted by earlier waiters never exceeds the limit together.
 * LI2  With decay slots come free by themselves; what has decayed is not given back again.
 */
import { type Instant, secondsBetween } from "../time.ts";

/** How a limit is set. `decay`: slots that come free by themselves in a second; 0: they are held until they are given back. */
export interface LimitSettings {
  limit: number;
  active: boolean;
  decay: number;
}

/** How full a limit with decay was at a moment. */
export interface Level {
  slots: number;
  at: Instant;
}

/** What the sums of broken numbers may be off by. */
const EPSILON = 1e-9;

/** The level at `now`. A clock that stepped back frees nothing. */
export const levelAt = ({ slots, at }: Level, decay: number, now: Instant): number =>
  Math.max(0, slots - decay * Math.max(0, secondsBetween(at, now)));

/** Whole slots that a level takes. */
export const slotsOf = (level: number): number => Math.max(0, Math.ceil(level - EPSILON));

/** What is left of slots that were taken at `since`: so many can still be given back. */
export const remaining = (slots: number, since: Instant, decay: number, now: Instant): number =>
  levelAt({ slots, at: since }, decay, now);

/** Whether `slots` more can be granted, where `taken` are taken and earlier waiters want `ahead`. */
export const hasRoom = ({ limit }: LimitSettings, taken: number, ahead: number, slots: number): boolean =>
  taken + ahead + slots <= limit;
