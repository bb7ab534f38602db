/** Where somebody is who walks through a run, and what a key does: pure, so that each is tested without a terminal. */
import { type EventAddress, parseEventAddress } from "../../engine/event-address.ts";
import type { Key } from "./keys.ts";

export interface StepWalk {
  /** The number of the event that is shown; 0 before the first. */
  readonly at: number;
  /** The line of the state that is shown first. */
  readonly scroll: number;
  /** What is being typed, after `g` or `/`. */
  readonly prompt: { readonly kind: "go" | "search"; readonly text: string } | undefined;
  /** What was searched for last: `/` and return searches on. */
  readonly searched: string;
  /** Something to know until the next key. */
  readonly message: string;
  readonly isOver: boolean;
}

/** The run that is walked through. */
export interface WalkedRun {
  /** Each event as its line says it, without its place; the first is event 1. */
  readonly lines: readonly string[];
  /** @throws {@link EventNotFoundError} */
  readonly find: (address: EventAddress) => number;
}

/** At one of its events. */
export function walkAt(at: number): StepWalk {
  return { at, scroll: 0, prompt: undefined, searched: "", message: "", isOver: false };
}

/** What a key makes of it. Keys that mean nothing change nothing. */
export function press(walk: StepWalk, key: Key, run: WalkedRun): StepWalk {
  const quiet = { ...walk, message: "" };
  if (key === "interrupt") return { ...quiet, isOver: true };
  if (walk.prompt !== undefined) return type(quiet, walk.prompt, key, run);
  const last = run.lines.length;
  switch (key) {
    case "q":
    case "escape":
      return { ...quiet, isOver: true };
    case "right":
    case "n":
    case " ":
    case "return":
      return walk.at === last
        ? { ...quiet, message: "This is its last event." }
        : moved(quiet, walk.at + 1);
    case "left":
    case "p":
    case "backspace":
      return walk.at === 0
        ? { ...quiet, message: "This is before its first event." }
        : moved(quiet, walk.at - 1);
    case "home":
      return moved(quiet, 0);
    case "end":
      return moved(quiet, last);
    case "down":
    case "j":
      return { ...quiet, scroll: walk.scroll + 1 };
    case "up":
    case "k":
      return { ...quiet, scroll: Math.max(0, walk.scroll - 1) };
    case "page-down":
      return { ...quiet, scroll: walk.scroll + PAGE };
    case "page-up":
      return { ...quiet, scroll: Math.max(0, walk.scroll - PAGE) };
    case "g":
      return { ...quiet, prompt: { kind: "go", text: "" } };
    case "/":
      return { ...quiet, prompt: { kind: "search", text: "" } };
    default:
      return quiet;
  }
}

const PAGE = 10;

function moved(walk: StepWalk, at: number): StepWalk {
  return { ...walk, at, scroll: 0 };
}

function type(
  walk: StepWalk,
  prompt: NonNullable<StepWalk["prompt"]>,
  key: Key,
  run: WalkedRun,
): StepWalk {
  const { kind, text } = prompt;
  const closed = { ...walk, prompt: undefined };
  if (key === "escape") return closed;
  if (key === "backspace") {
    if (text === "") return closed;
    return { ...walk, prompt: { kind, text: Array.from(text).slice(0, -1).join("") } };
  }
  if (key === "return") return kind === "go" ? go(closed, text, run) : search(closed, text, run);
  const isLetter = Array.from(key).length === 1;
  return isLetter && text.length < MAX_TYPED
    ? { ...walk, prompt: { kind, text: text + key } }
    : walk;
}

const MAX_TYPED = 200;

function go(walk: StepWalk, text: string, { find }: WalkedRun): StepWalk {
  if (text === "") return walk;
  try {
    return moved(walk, find(parseEventAddress(text)));
  } catch (error) {
    return { ...walk, message: error instanceof Error ? error.message : String(error) };
  }
}

/** The next event after this one that has the text, from the first on again behind the last. */
function search(walk: StepWalk, typed: string, { lines }: WalkedRun): StepWalk {
  const text = typed === "" ? walk.searched : typed;
  if (text === "") return walk;
  const wanted = text.toLowerCase();
  const searched = { ...walk, searched: text };
  for (let step = 0; step < lines.length; step++) {
    const index = (walk.at + step) % lines.length;
    if (lines[index]?.toLowerCase().includes(wanted)) return moved(searched, index + 1);
  }
  return { ...searched, message: `No event has "${text}".` };
}
