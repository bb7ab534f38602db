/**
 * What came for one run from outside while this worker holds it.
 *
 * - **I6** Inputs are read from the leader, in order, from the last one that was taken in: a message that is handed over, and
 *   a question after the run, only say that there may be something new.
 * - **I4** A message that was handed over is acked when a durable frame has folded it.
 */
import { COPIED, type PlainInput, type RunInput, type WakeInput } from "../engine/input.ts";
import type { Stored } from "../ports/run-log.ts";
import { decodeInput } from "../wire/input-codec.ts";
import type { KeptMessage } from "./kept-message.ts";

export class RunInbox {
  readonly #parts: RunInboxParts;
  readonly #inputs = new Map<number, PlainInput>();
  readonly #ids = new Set<string>();
  /** Read when the run was taken up, and not yet taken in. */
  #found: readonly Stored[];
  #handed: KeptMessage[] = [];
  /** Sequence of the last input that was taken in. */
  #last: number;
  #reading = false;
  #again = false;
  #stopped = false;

  /** `stored` is the whole inbox as it was read, or nothing for a run that was started unread. */
  constructor(parts: RunInboxParts, stored: readonly Stored[], inboxFolded: number) {
    this.#parts = parts;
    this.#last = inboxFolded;
    this.#found = stored.filter(({ sequence }) => sequence > inboxFolded);
    for (const message of stored) {
      const input = message.sequence > inboxFolded ? undefined : inputOf(message);
      if (input !== undefined) this.#keep(message.sequence, input);
    }
  }

  /** What the history's input at this place says. */
  readonly at = (sequence: number): PlainInput | undefined => this.#inputs.get(sequence);

  /** All that was taken in. */
  get inputs(): Iterable<PlainInput> {
    return this.#inputs.values();
  }

  /** True while it is not known what is in it. */
  get busy(): boolean {
    return this.#reading;
  }

  /** Messages that were handed over and are still unacked. */
  get handed(): readonly KeptMessage[] {
    return this.#handed;
  }

  /** What was found when the run was taken up and is not folded, in order. */
  get pending(): readonly PlainInput[] {
    return plainInputs(this.#found);
  }

  /** Takes in what was found when the run was taken up. */
  begin(): void {
    const found = this.#found;
    this.#found = [];
    this.#takeIn(found);
  }

  /** A message is for this run. It stays unacked until a frame that folds it is durable. */
  handOver(message: KeptMessage): void {
    this.#handed.push(message);
  }

  /** Reads what is new. Calls that come meanwhile are answered by one more read. */
  read(): void {
    this.#again = true;
    if (this.#reading || this.#stopped) return;
    this.#reading = true;
    void this.#readOn();
  }

  /** Somebody was told that this worker will look, and it cannot now. */
  readLater(): void {
    this.#again = true;
  }

  /** True while somebody relies on a look that has not been taken. */
  get isBehind(): boolean {
    return this.#again || this.#reading;
  }

  /** Inputs that came after all that was taken in, when nothing is taken in any more. */
  async late(): Promise<readonly PlainInput[]> {
    this.#again = false;
    return plainInputs((await this.rest()) ?? []);
  }

  /** What came after all that was taken in. Nothing when the run was lost meanwhile. */
  async rest(): Promise<readonly Stored[] | undefined> {
    for (;;) {
      if (this.#stopped) return undefined;
      try {
        return await this.#parts.load(this.#last);
      } catch {
        await this.#parts.pause(); // The broker is away: nothing to do but ask again.
      }
    }
  }

  /** Acks what a durable frame has folded. */
  folded(upTo: number): void {
    if (this.#handed.length === 0) return;
    const later: KeptMessage[] = [];
    for (const message of this.#handed) {
      // A submission of the same key says nothing new; the frame shows that the run is under way.
      const isFolded = message.delivery.kind === "new" || message.delivery.sequence <= upTo;
      if (isFolded) message.ack();
      else later.push(message);
    }
    this.#handed = later;
  }

  /** Nothing is taken in any more. Gives what is still unacked. */
  stop(): readonly KeptMessage[] {
    this.#stopped = true;
    const handed = this.#handed;
    this.#handed = [];
    return handed;
  }

  async #readOn(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      const stored = await this.rest();
      if (stored !== undefined && !this.#stopped) this.#takeIn(stored);
    }
    this.#reading = false;
    if (!this.#stopped) this.#parts.onRead();
  }

  #takeIn(stored: readonly Stored[]): void {
    for (const message of stored) {
      const { sequence } = message;
      if (sequence <= this.#last) continue;
      this.#last = sequence;
      const input = inputOf(message);
      // Wakes, repeats, strays, and what cannot be understood (it is set aside where it is delivered) tell the flow nothing.
      const body = input === undefined || this.#isOld(input) ? undefined : input.body;
      if (input === undefined || body === undefined || body.type === "Wake") {
        this.#parts.pass(sequence);
        if (body?.type === "Wake") this.#parts.onWake(body);
        if (this.#stopped) return;
        continue;
      }
      this.#keep(sequence, input);
      this.#parts.fold(sequence, body);
    }
  }

  /** True for a repeat, and for a copy that the history does not begin with. */
  #isOld({ inputId }: RunInput): boolean {
    return this.#ids.has(inputId) || inputId.startsWith(COPIED);
  }

  #keep(sequence: number, { inputId, body }: RunInput): void {
    this.#ids.add(inputId);
    if (body.type !== "Wake") this.#inputs.set(sequence, body);
  }
}

export interface RunInboxParts {
  /** The run's inbox after a sequence, from the leader. */
  readonly load: (after: number) => Promise<readonly Stored[]>;
  readonly pause: () => Promise<void>;
  /** Records that the flow may see an input. */
  readonly fold: (sequence: number, input: PlainInput) => void;
  /** Lets the next frame name an input that there is nothing to say of. */
  readonly pass: (sequence: number) => void;
  /** A wake was found: it says whose place it takes. */
  readonly onWake: (wake: WakeInput) => void;
  /** All that was there is taken in. */
  readonly onRead: () => void;
}

function plainInputs(stored: readonly Stored[]): readonly PlainInput[] {
  return stored.flatMap((message) => {
    const body = inputOf(message)?.body;
    return body === undefined || body.type === "Wake" ? [] : [body];
  });
}

function inputOf(message: Stored): RunInput | undefined {
  const decoded = decodeInput(message.data);
  return decoded.kind === "ok" ? decoded.value : undefined;
}
