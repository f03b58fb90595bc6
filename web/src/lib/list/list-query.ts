/** What a plain list shows: a part of the name, and a page. The address holds both. */

export interface ListQuery {
  /** Part of a name. */
  q: string;
  page: number;
  /** Of this type alone; empty: of all. Only some lists have types. */
  type: string;
}

/** Things on one page of a list. */
export const LIST_PAGE = 50;
/** Beyond this the wire refuses an offset. */
const LAST_PAGE = 100_000;

export function parseListQuery(search: URLSearchParams): ListQuery {
  const page = Number(search.get("page") ?? "1");
  return {
    q: (search.get("q") ?? "").trim().slice(0, 200),
    type: (search.get("type") ?? "").trim().slice(0, 100),
    page: Number.isInteger(page) && page >= 1 && page <= LAST_PAGE ? page : 1,
  };
}

/** The query of the list's address, with its question mark; empty for the first page of everything. */
export function formatListQuery({ q, page, type }: ListQuery): string {
  const search = new URLSearchParams();
  if (q) search.set("q", q);
  if (type) search.set("type", type);
  if (page !== 1) search.set("page", String(page));
  const text = search.toString();
  return text ? `?${text}` : "";
}

/** How the wire cuts the page out of the list. */
export const cut = ({ page }: ListQuery): { limit: number; offset: number } => ({
  limit: LIST_PAGE,
  offset: (page - 1) * LIST_PAGE,
});

/** How the wire asks for the name; null: any. */
export const named = ({ q }: ListQuery): { like_: string } | null => (q ? { like_: q } : null);
