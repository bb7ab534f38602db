/** What the history folds is in the inbox, in its order, and is folded once (I6). */
import type { RecordedFrame } from "../../engine/frame.ts";
import type { RunInput } from "../../engine/input.ts";
import type { FoldedKind, RunEvent } from "../../engine/run-event.ts";
import type { Submission } from "../../engine/submission.ts";
import type { Stored } from "../../ports/run-log.ts";
import { decodeInput } from "../../wire/input-codec.ts";
import type { Flaw } from "../flaw.ts";

export class InboxRules {
  readonly #inputs = new Map<number, RunInput | undefined>();
  readonly #isImported: boolean;
  /** How many more `Forked` come: what is before the last one is another run's past. */
  #forksAhead: number;
  readonly #flaws: Flaw[] = [];
  /** Which fold took an input, by its id. */
  readonly #taken = new Map<string, number>();
  #folded = 0;
  #named = 0;

  constructor(
    inbox: readonly Stored[],
    frames: readonly RecordedFrame[],
    { imported }: Pick<Submission, "imported">,
  ) {
    for (const { sequence, data } of inbox) {
      const decoded = decodeInput(data);
      this.#inputs.set(sequence, decoded.kind === "ok" ? decoded.value : undefined);
    }
    this.#isImported = imported !== undefined;
    this.#forksAhead = frames
      .flatMap(({ events }) => events)
      .filter(({ type }) => type === "Forked").length;
  }

  get flaws(): readonly Flaw[] {
    return this.#flaws;
  }

  add({ sequence, inboxFolded, events }: RecordedFrame): void {
    for (const event of events) {
      if (event.type === "Forked") this.#forksAhead--;
      if (event.type === "InputFolded") this.#fold(event, sequence, inboxFolded);
    }
    if (inboxFolded < this.#named) {
      const what = `has folded the inbox up to ${inboxFolded}, and a frame before it up to ${this.#named}`;
      this.#tell(sequence, what);
    } else if (inboxFolded > this.#named && !this.#inputs.has(inboxFolded)) {
      this.#tell(sequence, `has folded the inbox up to ${inboxFolded}, where nothing is`);
    }
    this.#named = Math.max(this.#named, inboxFolded);
  }

  #fold(
    { sequence: at, kind, name }: Extract<RunEvent, { type: "InputFolded" }>,
    frame: number,
    inboxFolded: number,
  ): void {
    if (this.#isNotHere(kind)) return;
    const what = `folds the ${kind} ${name === "" ? "" : `${name} `}at ${at}`;
    if (at > inboxFolded) this.#tell(frame, `${what}, and says that it got up to ${inboxFolded}`);
    if (at <= this.#folded) this.#tell(frame, `${what} after the one at ${this.#folded}`);
    this.#folded = Math.max(this.#folded, at);
    const input = this.#inputs.get(at);
    if (input === undefined) {
      const found = this.#inputs.has(at) ? "cannot be read" : "is not in the inbox";
      return this.#tell(frame, `${what}, which ${found}`);
    }
    const found = KINDS[input.body.type];
    if (found !== kind) this.#tell(frame, `${what}, and there is a ${found} there`);
    const taken = this.#taken.get(input.inputId);
    if (taken !== undefined) this.#tell(frame, `${what}, which is the one at ${taken} again`);
    this.#taken.set(input.inputId, at);
  }

  /** Whoever copies a history leaves out what says nothing to its flow. */
  #isNotHere(kind: FoldedKind): boolean {
    if (this.#forksAhead > 0) return kind === "cancel" || kind === "watch";
    return this.#isImported && kind === "watch";
  }

  #tell(sequence: number, what: string): void {
    this.#flaws.push({ kind: "inbox", sequence, sentence: `Frame ${sequence} ${what}.` });
  }
}

const KINDS = {
  Signal: "signal",
  Cancel: "cancel",
  RunClosed: "closed",
  Watch: "watch",
  Wake: "wake",
} as const;
