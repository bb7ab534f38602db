import { InvalidOptionError } from "./usage-errors.ts";

/** How people and programs name a place in a run's history: the same in every command and every call. */
export type EventAddress =
  /** The n-th event of the run, from 1, as `millrace events` numbers them; 0 is before the first. */
  | { readonly event: number }
  /** The frame with this stream sequence, or the last one before it. */
  | { readonly sequence: number }
  /** What is recorded of a step, timer or child, by its id, such as `charge#1`; `charge` is the first of that name. */
  | { readonly step: string };

/** Where an event stands in its run's history. */
export interface EventPlace {
  /** Its number in the run, from 1; 0 for the place before the first event. */
  readonly event: number;
  /** Stream sequence of its frame; 0 before the first event. */
  readonly sequence: number;
  /** Its index in the frame, from 0. */
  readonly inFrame: number;
}

/**
 * Reads an address: `12` or `#12` is an event's number, `seq:9041` a stream sequence, anything else the id of a step.
 * @throws {@link InvalidOptionError}
 */
export function parseEventAddress(text: string): EventAddress {
  const [, prefix, digits] = NUMBERED.exec(text) ?? [];
  if (digits !== undefined) {
    const number = Number(digits);
    if (!Number.isSafeInteger(number)) throw new InvalidOptionError("at", text, RULE);
    return prefix === "seq:" ? { sequence: number } : { event: number };
  }
  if (text === "" || text.startsWith("#") || text.startsWith("seq:")) {
    throw new InvalidOptionError("at", text, RULE);
  }
  return { step: text };
}

const NUMBERED = /^(#|seq:)?(\d+)$/;

const RULE = "give the number of an event (12), a stream sequence (seq:9041) or a step (charge#1)";

/** The same as text, which {@link parseEventAddress} reads back. */
export function formatEventAddress(address: EventAddress): string {
  if ("event" in address) return `#${address.event}`;
  return "sequence" in address ? `seq:${address.sequence}` : address.step;
}
