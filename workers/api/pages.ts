/** Pages of lists. */

/** Where a page begins. */
export const offsetOf = ({ limit, page }: { limit: number; page: number }): number => (page - 1) * limit;

/** How many pages there are of so many things. */
export const pageCount = (count: number, limit: number): number => (limit === 0 ? 0 : Math.ceil(count / limit));
