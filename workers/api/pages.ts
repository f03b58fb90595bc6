/** Pages of lists. */

/** Where a page begins. */
export const offsetOf = ({ limit, page }: { limit: number; page: number }): number => (page - 1) * limit;

/** What a page says of itself beside its results. */
export const pagesOf = (count: number, limit: number, page: number) => ({
  count,
  limit,
  pages: limit === 0 ? 0 : Math.ceil(count / limit),
  page,
});
