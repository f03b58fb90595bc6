/** All of a list, page by page. */

/** Most things that a page of the API has. */
const SIZE = 200;

export async function everyPage<Row>(ask: (page: { limit: number; offset: number }) => Promise<Row[]>): Promise<Row[]> {
  const rows: Row[] = [];
  for (;;) {
    const page = await ask({ limit: SIZE, offset: rows.length });
    rows.push(...page);
    if (page.length < SIZE) return rows;
  }
}
