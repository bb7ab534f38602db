// @ts-check
import { isDeepStrictEqual } from "node:util";

/**
 * I10: the view that was folded during the chaos is the one that is built in one go, row by row.
 * @param {import("../evidence.mjs").Evidence} evidence
 * @returns {import("../evidence.mjs").Violation[]}
 */
export function checkViews({ views, runs }) {
  const live = new Map(views.live.map((row) => [row.id, row]));
  const rebuilt = new Map(views.rebuilt.map((row) => [row.id, row]));
  const ids = new Set([...runs.keys(), ...live.keys(), ...rebuilt.keys()]);
  return [...ids].flatMap((id) => {
    const what = difference(live.get(id), rebuilt.get(id));
    return what === undefined ? [] : [{ check: "I10", run: id, what }];
  });
}

/** @param {import("../evidence.mjs").Row | undefined} live @param {import("../evidence.mjs").Row | undefined} rebuilt */
function difference(live, rebuilt) {
  if (live === undefined) return "it is not in the view";
  if (rebuilt === undefined) return "it is not in the view that was built anew";
  const field = [...new Set([...Object.keys(live), ...Object.keys(rebuilt)])].find(
    (name) => !isDeepStrictEqual(live[name], rebuilt[name]),
  );
  if (field === undefined) return undefined;
  return `${field} is ${JSON.stringify(live[field])}, and ${JSON.stringify(rebuilt[field])} when built anew`;
}
