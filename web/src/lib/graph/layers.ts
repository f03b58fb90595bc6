/**
 * Where the nodes of a run's graph stand. What waits for nothing is in the first column, everything else one column behind the last
 * of what it waited for; in a column what has its parents higher stands higher.
 *
 * GR1  Every node has a place, and no two have the same.
 * GR2  An edge leads to a column further right, but for those of a circle, which no run has and any answer may.
 */

export interface GraphNode {
  id: string;
  label: string;
  /** Ids of what it waited for. Those that are not in the graph are ignored. */
  parents: readonly string[];
}

export interface Place {
  id: string;
  column: number;
  row: number;
}

export interface Layers {
  places: Map<string, Place>;
  edges: [from: Place, to: Place][];
  columns: number;
  rows: number;
}

export function layersOf(nodes: readonly GraphNode[]): Layers {
  const known = new Map(nodes.map((node) => [node.id, node]));
  const parentsOf = ({ id, parents }: GraphNode): string[] => [
    ...new Set(parents.filter((parent) => parent !== id && known.has(parent))),
  ];
  const columnOf = columnsOf(nodes, parentsOf);
  const columns = Map.groupBy(nodes, ({ id }) => columnOf.get(id) ?? 0);
  const places = new Map<string, Place>();
  let rows = 0;
  for (const column of [...columns.keys()].sort((a, b) => a - b)) {
    const here = columns.get(column) ?? [];
    const heights = new Map(here.map((node) => [node.id, meanRow(parentsOf(node), places)]));
    const sorted = [...here].sort((a, b) => (heights.get(a.id) ?? 0) - (heights.get(b.id) ?? 0));
    for (const [row, { id }] of sorted.entries()) places.set(id, { id, column, row });
    rows = Math.max(rows, here.length);
  }
  const edges = nodes.flatMap((node) =>
    parentsOf(node).map((parent): [Place, Place] => [places.get(parent) as Place, places.get(node.id) as Place]),
  );
  return { places, edges, columns: columns.size, rows };
}

/** The longest way from a beginning to each node. Nodes of a circle stay where the way to them was last known. */
function columnsOf(
  nodes: readonly GraphNode[],
  parentsOf: (node: GraphNode) => readonly string[],
): Map<string, number> {
  const column = new Map<string, number>();
  const open = new Map<string, number>();
  const children = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    const parents = parentsOf(node);
    open.set(node.id, parents.length);
    for (const parent of parents) children.set(parent, [...(children.get(parent) ?? []), node]);
  }
  const ready = nodes.filter(({ id }) => open.get(id) === 0);
  for (const node of ready) {
    const at = column.get(node.id) ?? 0;
    column.set(node.id, at);
    for (const child of children.get(node.id) ?? []) {
      column.set(child.id, Math.max(column.get(child.id) ?? 0, at + 1));
      const left = (open.get(child.id) ?? 0) - 1;
      open.set(child.id, left);
      if (left === 0) ready.push(child);
    }
  }
  return compact(column, nodes);
}

/** The same columns without gaps, which circles may leave. */
function compact(column: ReadonlyMap<string, number>, nodes: readonly GraphNode[]): Map<string, number> {
  const used = [...new Set(nodes.map(({ id }) => column.get(id) ?? 0))].sort((a, b) => a - b);
  return new Map(nodes.map(({ id }) => [id, used.indexOf(column.get(id) ?? 0)]));
}

function meanRow(parents: readonly string[], places: ReadonlyMap<string, Place>): number {
  const rows = parents.flatMap((parent) => places.get(parent)?.row ?? []);
  return rows.length === 0 ? 0 : rows.reduce((sum, row) => sum + row, 0) / rows.length;
}
