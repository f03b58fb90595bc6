/**
 * Ids of leases: whoever knows one knows the object that keeps it.
 *
 * A holder renews a lease by its id alone, and a look-up elsewhere would be one more thing to keep true. So the second half of the
 * id, 62 random bits, is that of the limit at which the lease is kept; an object is named by that half (addresses.ts).
 */

/** Characters of a UUID's second half. */
const HALF = 17;

/** The half of a limit's id, or of the id of a lease that is kept there, which names the object. */
export const placeOf = (id: string): string => id.slice(-HALF);

/** The id of a new lease at a limit, made of the last 60 bits of a new UUID. */
export function leaseAt(limit: string, fresh: string): string {
  const hex = fresh.replaceAll("-", "").slice(-15);
  // Version 8: an id of our own making (RFC 9562).
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(12)}-${placeOf(limit)}`;
}

/** The place of leases that hold nothing, since no limit has any of the names that were asked for. */
const NOWHERE = "8000-000000000000";

/** The id of a lease that holds nothing: there is no object to ask about it. */
export const leaseOfNothing = (fresh: string): string => leaseAt(NOWHERE, fresh);
export const holdsNothing = (lease: string): boolean => placeOf(lease) === NOWHERE;
