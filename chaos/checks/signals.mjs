// @ts-check
import { decodeInput } from "../../dist/wire/input-codec.js";

/**
 * Signals are received once and in order: what a history has folded of them counts 1, 2, 3 …, and none that was confirmed is
 * missing where the run came to its own end.
 * @param {import("../evidence.mjs").Evidence} evidence
 * @returns {import("../evidence.mjs").Violation[]}
 */
export function checkSignals({ runs, ledger }) {
  const sent = new Map();
  for (const entry of ledger) {
    if (entry.kind === "signalled")
      sent.set(entry.run, Math.max(sent.get(entry.run) ?? 0, entry.number));
  }
  return [...runs.values()].flatMap((run) => {
    const values = foldedValues(run);
    const inOrder = values.every((value, at) => value === at + 1);
    if (!inOrder)
      return [{ check: "signals", run: run.id, what: `it received ${values.join(", ")}` }];
    const last = run.frames.at(-1)?.events.at(-1);
    const confirmed = sent.get(run.id) ?? 0;
    if (last?.type !== "Completed" || values.length >= confirmed) return [];
    const what = `it received ${values.length} of ${confirmed} signals that were confirmed`;
    return [{ check: "signals", run: run.id, what }];
  });
}

/** @param {import("../evidence.mjs").LoggedRun} run */
function foldedValues({ frames, inbox }) {
  const inputs = new Map(inbox.map(({ sequence, data }) => [sequence, decodeInput(data)]));
  return frames.flatMap(({ events }) =>
    events.flatMap((event) => {
      if (event.type !== "InputFolded" || event.kind !== "signal") return [];
      const input = inputs.get(event.sequence);
      if (input?.kind !== "ok" || input.value.body.type !== "Signal") return [undefined];
      const { payload } = input.value.body;
      return ["data" in payload ? JSON.parse(new TextDecoder().decode(payload.data)) : undefined];
    }),
  );
}
