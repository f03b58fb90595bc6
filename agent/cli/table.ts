/** Rows on a terminal: a table where it is wide enough, else with the ids below their rows, else a block for each row. Nothing is cut. */

export interface TableView {
  titles: readonly string[];
  rows: readonly (readonly string[])[];
  /** The column of ids, where there is one. */
  ids: number;
  /** The width of the terminal. */
  room: number;
  /** Colours a cell that has its width. */
  paint(text: string, row: number, column: number): string;
  dim(text: string): string;
}

const GAP = "  ";

export function tableLines(view: TableView): string[] {
  const columns = view.titles.map((_, at) => at);
  const others = columns.filter((at) => at !== view.ids);
  if (fits(view, columns)) return aligned(view, columns);
  if (others.length < columns.length && fits(view, others)) {
    const [titles, ...rows] = aligned(view, others);
    return [titles!, ...rows.flatMap((row, at) => [row, view.dim(`${GAP}${view.rows[at]![view.ids]}`)])];
  }
  return blocks(view);
}

const fits = (view: TableView, columns: readonly number[]): boolean =>
  columns.reduce((sum, at) => sum + widthOf(view, at) + GAP.length, -GAP.length) <= view.room;

const widthOf = ({ titles, rows }: TableView, at: number): number =>
  Math.max(width(titles[at]!), ...rows.map((cells) => width(cells[at]!)));

function aligned(view: TableView, columns: readonly number[]): string[] {
  const widths = columns.map((at) => widthOf(view, at));
  const line = (cells: readonly string[], paint: (text: string, column: number) => string): string => {
    const last = columns.findLastIndex((at) => cells[at] !== "");
    const padded = columns.slice(0, last + 1).map((at, place) => {
      const pad = place === last ? "" : " ".repeat(widths[place]! - width(cells[at]!));
      return paint(cells[at]!, at) + pad;
    });
    return padded.join(GAP);
  };
  const titles = view.dim(line(view.titles, (text) => text));
  return [titles, ...view.rows.map((cells, row) => line(cells, (text, at) => view.paint(text, row, at)))];
}

function blocks({ titles, rows, paint, dim }: TableView): string[] {
  const widest = Math.max(...titles.map(width));
  return rows.flatMap((cells, row) => {
    const lines = cells.flatMap((text, at) =>
      text === "" ? [] : [`${dim(titles[at]!.padEnd(widest))}${GAP}${paint(text, row, at)}`],
    );
    return row > 0 ? ["", ...lines] : lines;
  });
}

const width = (text: string): number => [...text].length;
