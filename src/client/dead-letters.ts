import { InvalidOptionError } from "../engine/usage-errors.ts";
import type { DeadLetterDetails, DeadLetterView, FoundLetter } from "./dead-letter-view.ts";
import { IngressDeadLetters } from "./ingress-dead-letters.ts";
import type { LettersHost, ReplayChanges } from "./ingress-letters.ts";
import { LogLetters } from "./log-letters.ts";

/**
 * Messages that no worker could use, with the reason: of the log, where each stays in its place, and of the ingress, where a
 * letter is a copy. A letter is open until it is replayed or dropped; either is recorded in its place, and nothing is deleted.
 */
export class DeadLetters {
  readonly #log: LogLetters;
  readonly #ingress: IngressDeadLetters;

  constructor(host: LettersHost) {
    this.#log = new LogLetters(host);
    this.#ingress = new IngressDeadLetters(host);
  }

  /**
   * A page of letters, the newest first. It takes as long as the page is large, however many letters there are, but for a
   * bounded number of resolved ones that are passed over, and the names of those of the ingress.
   * @throws {@link InvalidOptionError}, {@link BrokerError}
   */
  async list(options: DeadLetterListOptions = {}): Promise<DeadLetterPage> {
    const { limit = 100, resolved = false } = options;
    if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) {
      throw new InvalidOptionError("limit", limit, "use 1 to 1000");
    }
    const before = readCursor(options.after);
    const published = await this.#ingress.open();
    const letters: DeadLetterView[] = [];
    for (let looks = 0; looks < MAX_LOOKS && letters.length < limit; looks++) {
      const [stored, copied] = await Promise.all([
        this.#log.newest(limit, before),
        published.newest(limit, before.get("ingress")),
      ]);
      const found = newestFirst([...stored, ...copied]);
      if (found.length === 0) return { letters, next: undefined };
      for (const { place, sequence, view } of found) {
        if (letters.length === limit) break;
        before.set(place, sequence);
        if (resolved || view.state === "open") letters.push(view);
      }
    }
    return { letters, next: writeCursor(before) };
  }

  /**
   * A letter with the message that it is about, as far as that can be understood.
   * @throws {@link DeadLetterNotFoundError}, {@link BrokerError}
   */
  show(id: string): Promise<DeadLetterDetails> {
    return this.#of(id).show(id);
  }

  /**
   * Gives the message to its run after all. In the log an input whose run exists by now is put into its inbox, its bytes as
   * they are, and a submission that can be understood by now is handed to a worker. A message of the ingress is published
   * again as it was, or changed as `changes` say, and keeps the run id that its publisher was promised. Safe to repeat: what
   * is done twice counts once.
   * @throws {@link DeadLetterNotReplayableError} with what is in the way, {@link RunClosedError} when the run has ended,
   * {@link InvalidOptionError} when a message of the log is to be changed, {@link DeadLetterNotFoundError},
   * {@link BrokerError}
   */
  async replay(id: string, changes: ReplayChanges = {}): Promise<DeadLetterView> {
    if (isOfIngress(id)) return this.#ingress.replay(id, changes);
    const [changed] = Object.keys(changes);
    if (changed === undefined) return this.#log.replay(id);
    throw new InvalidOptionError(changed, "", "only messages of the ingress can be changed");
  }

  /**
   * Marks a letter as seen to: it is listed no more unless asked for. The message is kept.
   * @throws {@link DeadLetterNotFoundError}, {@link BrokerError}
   */
  drop(id: string): Promise<DeadLetterView> {
    return this.#of(id).drop(id);
  }

  #of(id: string): LogLetters | IngressDeadLetters {
    return isOfIngress(id) ? this.#ingress : this.#log;
  }
}

export interface DeadLetterListOptions {
  /** Letters in a page: 1 to 1,000. Default 100. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: string;
  /** With those that were replayed or dropped. Default false. */
  readonly resolved?: boolean;
}

export interface DeadLetterPage {
  readonly letters: readonly DeadLetterView[];
  /** For the page that follows; nothing on the last one. */
  readonly next: string | undefined;
}

function isOfIngress(id: string): boolean {
  return id.startsWith("ingress/");
}

/** Within a place by sequence, for the cursor is one; among places by time. */
function newestFirst(letters: readonly FoundLetter[]): readonly FoundLetter[] {
  const places = new Map<string, FoundLetter[]>();
  for (const one of letters) {
    const found = places.get(one.place) ?? [];
    found.push(one);
    places.set(one.place, found);
  }
  const merged: FoundLetter[] = [];
  for (;;) {
    const [newest] = [...places.values()]
      .filter((found) => found.length > 0)
      .toSorted((one, other) => timeOf(other.at(-1)) - timeOf(one.at(-1)));
    const next = newest?.pop();
    if (next === undefined) return merged;
    merged.push(next);
  }
}

function timeOf(found: FoundLetter | undefined): number {
  return found?.view.at?.getTime() ?? 0;
}

/** `<place>-<sequence>` with dots between them: how far back each place was read. */
function readCursor(text = ""): Map<string, number> {
  const before = new Map<string, number>();
  if (text === "") return before;
  for (const part of text.split(".")) {
    const [, place, sequence] = /^(\d{1,9}|ingress)-(\d{1,15})$/.exec(part) ?? [];
    if (place === undefined || sequence === undefined) {
      throw new InvalidOptionError("after", text, "use `next` of a page");
    }
    before.set(place, Number(sequence));
  }
  return before;
}

function writeCursor(before: ReadonlyMap<string, number>): string {
  return [...before].map(([place, sequence]) => `${place}-${sequence}`).join(".");
}

/** Reads of one page, while they give nothing but resolved letters. */
const MAX_LOOKS = 20;
