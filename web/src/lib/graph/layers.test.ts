import fc from "fast-check";
import { expect, test } from "vitest";
import { type GraphNode, layersOf } from "./layers.ts";

const node = (id: string, ...parents: string[]): GraphNode => ({ id, label: id, parents });
const placesOf = (nodes: GraphNode[]) =>
  Object.fromEntries([...layersOf(nodes).places.values()].map(({ id, column, row }) => [id, `${column},${row}`]));

test("[WE79] what waits for nothing comes first, and everything else behind the last of what it waited for", () => {
  expect(placesOf([node("store", "a", "b"), node("a"), node("b", "a"), node("report", "store", "a")])).toEqual({
    a: "0,0",
    b: "1,0",
    store: "2,0",
    report: "3,0",
  });
});

test("[WE79] what has its parents higher stands higher, and what is not there is not drawn", () => {
  const nodes = [node("x"), node("y"), node("of-y", "y"), node("of-x", "x", "nowhere", "of-x")];
  expect(placesOf(nodes)).toEqual({ x: "0,0", y: "0,1", "of-x": "1,0", "of-y": "1,1" });
  expect(layersOf(nodes).edges.map(([from, to]) => `${from.id}>${to.id}`)).toEqual(["y>of-y", "x>of-x"]);
});

test("[WE79] any answer is drawn: each node at a place of its own, each edge to the right unless it goes in a circle", () => {
  const ids = fc.integer({ min: 0, max: 12 });
  const graphs = fc.uniqueArray(fc.tuple(ids, fc.array(ids, { maxLength: 4 })), { selector: ([id]) => id });
  fc.assert(
    fc.property(graphs, fc.boolean(), (graph, circles) => {
      const nodes = graph.map(([id, parents]) =>
        node(`${id}`, ...parents.filter((parent) => circles || parent < id).map(String)),
      );
      const { places, edges, columns, rows } = layersOf(nodes);
      expect(new Set([...places.values()].map(({ column, row }) => `${column},${row}`)).size).toBe(nodes.length);
      for (const { column, row } of places.values()) expect(column < columns && row < rows).toBe(true);
      if (!circles) for (const [from, to] of edges) expect(to.column).toBeGreaterThan(from.column);
    }),
  );
});
