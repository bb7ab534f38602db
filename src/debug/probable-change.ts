/**
 * Guesses what was done to a flow's code since a run was recorded, from the ids that its history holds and those that the flow
 * asks for. It only compares: what the flow would ask for later is found out by whoever has the flow.
 */
import { nearestName } from "../engine/nearest-name.ts";
import type { StepId } from "../engine/step-id.ts";

/** What was probably done to the code, or nothing where the ids do not tell. */
export function probableChange(facts: ChangeFacts): ProbableChange | undefined {
  for (const guess of GUESSES) {
    const found = guess(facts);
    if (found !== undefined) return found;
  }
  return undefined;
}

export interface ProbableChange {
  readonly change:
    | "renamed"
    | "added"
    | "removed"
    | "reordered"
    | "moved"
    | "retyped"
    | "signal-renamed"
    | "awaits-else";
  /** The id that the history holds. */
  readonly recorded: StepId;
  /** The id that the flow asks for in its place, if it is about one. */
  readonly asked?: StepId;
  /** The same in a sentence. */
  readonly text: string;
}

/** What is known where code and history part. */
export interface ChangeFacts {
  /** What the history holds, and the flow did not ask for. */
  readonly recorded: { readonly kind: string; readonly id: StepId };
  /** What the flow waits for, in the order in which it asked. */
  readonly open: readonly OpenCommand[];
  /** What the flow asks for when it is shown the rest, in that order. */
  readonly askedLater: readonly StepId[];
  /** Ids whose first event comes after this one. */
  readonly recordedLater: ReadonlySet<StepId>;
  /** True when the flow's function has ended. */
  readonly hasEnded: boolean;
  /** Names of signals that were sent and that the flow has not received. */
  readonly unreceived: readonly string[];
}

export interface OpenCommand {
  readonly kind: string;
  readonly id: StepId;
  /** The signal's name, if it is a receive. */
  readonly topic: string;
  /** True when the history says nothing of it, here or later. */
  readonly isFresh: boolean;
}

type Guess = (facts: ChangeFacts) => ProbableChange | undefined;

const retyped: Guess = ({ recorded: { kind, id }, open }) => {
  const same = open.find((command) => command.id === id);
  if (same === undefined || same.kind === kind) return undefined;
  const text = `${id} was a ${kind} and is a ${same.kind} now.`;
  return { change: "retyped", recorded: id, asked: id, text };
};

/** Signals are taken by name: a wrong one shows only in what the flow does not do after it. */
const signalRenamed: Guess = ({ recorded: { id }, open, unreceived }) => {
  const [sent] = unreceived;
  if (sent === undefined) return undefined;
  const waiting = open.find(({ kind, topic }) => kind === "receive" && !unreceived.includes(topic));
  if (waiting === undefined) return undefined;
  const text = `The flow waits for signal ${waiting.topic}; the run was sent ${sent}, which the flow does not receive any more. Was the signal renamed?`;
  return { change: "signal-renamed", recorded: id, asked: waiting.id, text };
};

/** The same name inside another flow, or not inside one any more. */
const moved: Guess = ({ recorded: { kind, id }, open, askedLater }) => {
  const candidates = [...fresh(open, kind).map((command) => command.id), ...askedLater];
  const asked = candidates.find((other) => other !== id && leafOf(other) === leafOf(id));
  if (asked === undefined || prefixOf(asked) === prefixOf(id)) return undefined;
  const text = `${id} is asked for as ${asked} now: it was moved ${whither(prefixOf(id), prefixOf(asked))}.`;
  return { change: "moved", recorded: id, asked, text };
};

const reordered: Guess = ({ recorded: { kind, id }, open, askedLater, recordedLater }) => {
  if (!askedLater.includes(id)) return undefined;
  const first = open.find((command) => recordedLater.has(command.id));
  if (first === undefined) return undefined;
  const text = `The flow asks for ${first.kind} ${first.id} before ${kind} ${id} now; it was the other way round.`;
  return { change: "reordered", recorded: id, asked: first.id, text };
};

const added: Guess = ({ recorded: { kind, id }, open, askedLater }) => {
  if (!askedLater.includes(id)) return undefined;
  const before = open.filter((command) => command.isFresh).at(-1) ?? open.at(-1);
  if (before === undefined) return undefined;
  const text = `${before.kind} ${before.id} was added before ${kind} ${id}.`;
  return { change: "added", recorded: id, asked: before.id, text: capital(text) };
};

const renamed: Guess = ({ recorded: { kind, id }, open, askedLater, recordedLater }) => {
  const candidates = fresh(open, kind).filter((command) => nameOf(command.id) !== nameOf(id));
  const asked = likest(id, candidates);
  if (asked === undefined) return undefined;
  const isNear = nearestName(nameOf(id), [nameOf(asked)]) !== undefined;
  // It goes on as it did after it, or there is nothing to go on with.
  const goesOn = recordedLater.size === 0 || askedLater.some((later) => recordedLater.has(later));
  const sure = isNear || goesOn;
  const text = sure
    ? `${capital(kind)} ${id} is called ${asked} now.`
    : `${capital(kind)} ${asked} stands in the place of ${id}: it was renamed, or replaced.`;
  return { change: "renamed", recorded: id, asked, text };
};

const awaitsElse: Guess = ({ recorded: { kind, id }, open, hasEnded }) => {
  if (hasEnded || open.length > 0) return undefined;
  const text = `Before ${kind} ${id} the flow awaits something that is not of its context, such as a call of its own: put it in a step.`;
  return { change: "awaits-else", recorded: id, text };
};

const removed: Guess = ({ recorded: { kind, id }, open, hasEnded, recordedLater }) => {
  const next = open.find((command) => recordedLater.has(command.id));
  const base = `${capital(kind)} ${id} is not asked for any more`;
  if (next !== undefined) {
    const text = `${base}: the flow goes on with ${next.kind} ${next.id}.`;
    return { change: "removed", recorded: id, asked: next.id, text };
  }
  if (hasEnded) return { change: "removed", recorded: id, text: `${base}: the flow has ended.` };
  const [waiting] = open;
  if (waiting === undefined) return undefined;
  const text = `${base}: the flow waits for ${waiting.kind} ${waiting.id}.`;
  return { change: "removed", recorded: id, asked: waiting.id, text };
};

/** In this order: what needs more evidence goes first. */
const GUESSES: readonly Guess[] = [
  retyped,
  signalRenamed,
  moved,
  reordered,
  added,
  renamed,
  awaitsElse,
  removed,
];

function fresh(open: readonly OpenCommand[], kind: string): readonly OpenCommand[] {
  return open.filter((command) => command.isFresh && command.kind === kind);
}

/** The id that is most like this one; when none is, the one of the same number, or the first. */
function likest(id: StepId, candidates: readonly OpenCommand[]): StepId | undefined {
  const near = nearestName(
    nameOf(id),
    candidates.map((command) => nameOf(command.id).toLowerCase()),
  );
  const byName = candidates.find((command) => nameOf(command.id).toLowerCase() === near);
  const byNumber = candidates.find((command) => numberOf(command.id) === numberOf(id));
  return (byName ?? byNumber ?? candidates[0])?.id;
}

/** `inner#1/` of `inner#1/charge#2`. */
function prefixOf(id: StepId): string {
  return id.slice(0, id.lastIndexOf("/") + 1);
}

/** `charge#2` of `inner#1/charge#2`. */
function leafOf(id: StepId): string {
  return id.slice(id.lastIndexOf("/") + 1);
}

/** `inner#1/charge` of `inner#1/charge#2`. */
function nameOf(id: StepId): string {
  return id.replace(/#\d+$/, "");
}

function numberOf(id: StepId): string {
  return id.slice(id.lastIndexOf("#"));
}

function whither(from: string, to: string): string {
  if (to === "") return `out of the flow inside it (${from.slice(0, -1)})`;
  return `into a flow inside it (${to.slice(0, -1)})`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
