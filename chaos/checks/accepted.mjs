// @ts-check
import { isOpen, statusOf } from "../evidence.mjs";

/** Why a run may stay open for ever. */
const NAMED_WAITS = new Set(["waiting-for-signal", "waiting-for-children", "waiting-for-run"]);

/**
 * I1: what was accepted is in the log, once, and has ended or waits for something that can be named.
 * @param {import("../evidence.mjs").Evidence} evidence
 * @returns {import("../evidence.mjs").Violation[]}
 */
export function checkAccepted({ runs, ledger, expected, explained }) {
  const accepted = new Set(
    ledger.flatMap((entry) => (entry.kind === "accepted" ? [entry.run] : [])),
  );
  const lost = [...accepted].filter((id) => runs.get(id)?.submissions.length === undefined);
  const wrong = [...runs.values()].flatMap((run) => {
    if (run.submissions.length !== 1)
      return [[run.id, `it was submitted ${run.submissions.length} times`]];
    if (!expected.has(run.id)) return [[run.id, "nobody has planned it"]];
    if (!isOpen(run)) return [];
    const reason = explained.get(run.id) ?? "nobody knows why";
    if (NAMED_WAITS.has(reason)) return [];
    return [[run.id, `it is ${statusOf(run)} and does not end: ${reason}`]];
  });
  return [
    ...lost.map((run) => ({ check: "I1", run, what: "it was accepted and is not in the log" })),
    ...wrong.map(([run = "", what = ""]) => ({ check: "I1", run, what })),
  ];
}
