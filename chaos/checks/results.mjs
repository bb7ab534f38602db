// @ts-check
import { isDeepStrictEqual } from "node:util";
import { statusOf } from "../evidence.mjs";

/**
 * Each run ended as its input says, in the log and as its client was told.
 * @param {import("../evidence.mjs").Evidence} evidence
 * @returns {import("../evidence.mjs").Violation[]}
 */
export function checkResults({ runs, ledger, expected }) {
  /** @type {import("../evidence.mjs").Violation[]} */
  const violations = unanswered(ledger);
  for (const entry of ledger) {
    if (entry.kind !== "result") continue;
    const ends = expected.get(entry.run)?.ends ?? [];
    if (ends.some((end) => isDeepStrictEqual(end, entry.end))) continue;
    violations.push({
      check: "result",
      run: entry.run,
      what: `its client was given ${JSON.stringify(entry.end)}, and ${JSON.stringify(ends)} is right`,
    });
  }
  for (const [id, { ends, isSure }] of expected) {
    const run = runs.get(id);
    if (run === undefined) continue; // Whether it must be there is asked by other checks.
    if (isSure && run.frames.length === 0) {
      violations.push({ check: "result", run: id, what: "it was never begun" });
    } else if (!ends.some((end) => isSameEnd(run, end))) {
      const allowed = ends.map(({ status }) => status).join(" or ");
      violations.push({ check: "result", run: id, what: `it is ${statusOf(run)}, not ${allowed}` });
    }
  }
  return violations;
}

/**
 * Clients that still wait for something when all is over: the log may be right, and nobody has told them.
 * @param {readonly import("../ledger/entries.mjs").Entry[]} ledger
 * @returns {import("../evidence.mjs").Violation[]}
 */
function unanswered(ledger) {
  /** @type {Map<string, string>} */
  const waiting = new Map();
  for (const entry of ledger) {
    if (entry.kind === "intended") waiting.set(entry.run, entry.who);
    if (entry.kind === "done") waiting.delete(entry.run);
  }
  return [...waiting].map(([run, who]) => ({
    check: "result",
    run,
    what: `${who} still waits for what it asked for`,
  }));
}

/** @param {import("../evidence.mjs").LoggedRun} run @param {import("../load/model.mjs").End} end */
function isSameEnd(run, end) {
  if (end.status === "waiting") return !CLOSED.has(statusOf(run));
  if (statusOf(run) !== end.status) return false;
  const last = run.frames.at(-1)?.events.at(-1);
  if (end.status !== "completed" || last?.type !== "Completed") return true;
  const { output } = last;
  // A large one stands elsewhere: its client has seen it.
  if (!("data" in output)) return true;
  return isDeepStrictEqual(JSON.parse(new TextDecoder().decode(output.data)), end.output);
}

const CLOSED = new Set(["completed", "failed", "crashed", "cancelled"]);
