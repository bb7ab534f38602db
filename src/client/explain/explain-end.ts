import type { ParkReason } from "../../engine/run-event.ts";
import type { RunOutcome } from "../../engine/run-outcome.ts";
import type { ParkedState, RunState } from "../../engine/run-state.ts";
import type { AnyVerdict } from "./explanation.ts";
import type { RunFacts } from "./run-facts.ts";
import { brief, count, when } from "./texts.ts";

/** A run that has ended: how and when. */
export function explainEnd(facts: RunFacts, state: RunState, outcome: RunOutcome): AnyVerdict {
  const at = state.closedAt ?? state.updatedAt;
  const time = when(at, facts);
  const since = new Date(at);
  switch (outcome.status) {
    case "completed": {
      const next = `Nothing to do. Its result: millrace result ${facts.run}`;
      return { reason: "completed", sentence: `It completed at ${time}.`, next, since, facts: {} };
    }
    case "failed":
      return { ...explainFailure(facts, outcome.step, time), since };
    case "crashed": {
      const { crashes } = outcome;
      const sentence = `It was closed at ${time} after ${count(crashes, "crash", "crashes")} without progress: each time the worker died that held it.`;
      const next = `Find out in the workers' logs what kills them, mend it, then: millrace resume ${facts.run}`;
      return { reason: "crashed", sentence, next, since, facts: { crashes } };
    }
    case "cancelled": {
      const why = outcome.reason;
      const sentence = `It was cancelled at ${time}: ${brief(why) || "no reason was given"}.`;
      const next = "Nothing to do. To do the work after all, submit it under another key.";
      return { reason: "cancelled", sentence, next, since, facts: { why } };
    }
  }
}

function explainFailure(
  { errors, run }: RunFacts,
  step: string,
  time: string,
): Omit<Extract<AnyVerdict, { readonly reason: "failed" }>, "since"> {
  const error = errors.get("");
  const where = step === "" ? "" : ` in step ${step}`;
  const what = error === undefined ? "" : `: ${brief(`${error.name}: ${error.message}`)}`;
  const sentence = `It failed at ${time}${where}${what}.`;
  const next = `Mend the cause, then try ${step === "" ? "again" : "that step again"}: millrace resume ${run}`;
  return { reason: "failed", sentence, next, facts: { error, step } };
}

/** A run that was set aside until somebody acts. */
export function explainParked(
  facts: RunFacts,
  { reason, expected, asked, step }: ParkedState,
  at: number,
): AnyVerdict {
  const { what, next } = PARKED[reason];
  const place = step === "" ? "" : ` at ${step}`;
  const sentence = `It was parked at ${when(at, facts)}${place}: ${what(brief(expected), brief(asked))}.`;
  const act = reason === "imported" ? "fork" : "resume";
  const then = `${next}, then: millrace ${act} ${facts.run}`;
  const parts = { sentence, next: then, since: new Date(at), facts: { expected, asked, step } };
  return { reason: `parked-${reason}`, ...parts };
}

const PARKED: Readonly<
  Record<
    ParkReason,
    { readonly what: (expected: string, asked: string) => string; readonly next: string }
  >
> = {
  mismatch: {
    what: (expected, asked) =>
      `its history has ${expected}, and the code that is deployed asked for ${asked}`,
    next: "Deploy code that does what the history has, such as the version before",
  },
  "unknown-event": {
    what: () => "its history has events of a newer Millrace",
    next: "Update the workers",
  },
  "unknown-flow": {
    what: () => "the workers that read its queue do not know its flow",
    next: "Serve the flow",
  },
  "unreadable-payload": {
    what: (expected, asked) => `${expected} cannot be read (${asked})`,
    next: "Give the workers the codec, the key or the blob that is missing",
  },
  "too-large": {
    what: (expected, asked) => `what is to be recorded needs ${expected} and has ${asked}`,
    next: "Have the flow say less at once, or raise the broker's max_payload",
  },
  "damaged-history": {
    what: (expected, asked) => `its history is to have ${expected}, and has ${asked}`,
    next: "Look with millrace verify what is missing, and bring it back; or fork the run before the gap",
  },
  imported: {
    what: (expected) => `it is a copy of what was recorded of it in ${expected}`,
    next: "It is there to be looked at",
  },
};
