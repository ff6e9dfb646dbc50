import { expect, it } from "vitest";
import { placeTree } from "./place-tree";

const place = (id: string, parent: string | null) => ({
  id,
  name: id,
  path: id,
  parent,
  site: "dairy",
});

it("sets each place below the one it lies in", () => {
  const tree = placeTree([
    place("b", "top"),
    place("c", "a"),
    place("top", null),
    place("a", "top"),
  ]);
  expect(tree.map(({ place: { id }, depth }) => [id, depth])).toEqual([
    ["top", 0],
    ["a", 1],
    ["c", 2],
    ["b", 1],
  ]);
});

it("loses none that lie in a circle or in a place that is not there", () => {
  const tree = placeTree([place("a", "b"), place("b", "a"), place("c", "gone")]);
  expect(tree.map(({ place: { id } }) => id).sort()).toEqual(["a", "b", "c"]);
});
