import type { PlainInput } from "../engine/input.ts";
import type { FoldedKind, RunEventBody } from "../engine/run-event.ts";

/** The event by which the history folds an input: it names it, and the inbox keeps what it says. */
export function foldedInput(
  sequence: number,
  input: PlainInput,
): Extract<RunEventBody, { readonly type: "InputFolded" }> {
  const [kind, name] = kindAndName(input);
  // Anybody can write to an inbox: a name that none of ours can have is not repeated at length.
  return { type: "InputFolded", sequence, kind, name: name.slice(0, MAX_NAME) };
}

/** More characters than a run's id or a signal's name can have. */
const MAX_NAME = 300;

function kindAndName(input: PlainInput): readonly [FoldedKind, string] {
  switch (input.type) {
    case "Signal":
      return ["signal", input.name];
    case "Cancel":
      return ["cancel", ""];
    case "RunClosed":
      return ["closed", input.runId];
    case "Watch":
      return ["watch", input.runId];
  }
}
