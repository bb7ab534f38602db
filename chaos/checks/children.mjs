// @ts-check
import { isOpen } from "../evidence.mjs";

/**
 * Children are there when their parent has recorded them, and are stopped when their policy says so. How each ended is for
 * the results.
 * @param {import("../evidence.mjs").Evidence} evidence
 * @returns {import("../evidence.mjs").Violation[]}
 */
export function checkChildren({ runs }) {
  return [...runs.values()].flatMap((parent) => {
    const events = parent.frames.flatMap((frame) => frame.events);
    const end = events.at(-1)?.type;
    const isStopped = end === "Cancelled" || events.some(({ type }) => type === "CancelRequested");
    return events.flatMap((event) => {
      if (event.type !== "ChildSubmitted") return [];
      const child = runs.get(event.runId);
      if (child === undefined || child.submissions.length === 0) {
        // One that a cancellation overtook is never submitted.
        const what = `its child ${event.runId} was never submitted`;
        return isStopped ? [] : [{ check: "children", run: parent.id, what }];
      }
      const mustEnd =
        (event.onParentClose === "cancel" && !isOpen(parent)) ||
        (event.onParentClose === "" && end === "Cancelled");
      if (!mustEnd || !isOpen(child)) return [];
      const what = `its child ${event.runId} goes on, and its policy is to be stopped`;
      return [{ check: "children", run: parent.id, what }];
    });
  });
}
