import type { Frame } from "../engine/frame.ts";
import type { Hints } from "../ports/broker.ts";
import { decodeFrame } from "../wire/frame-codec.ts";

/**
 * A run's closing frame as its worker sends it to the submitter: saves a look-up when it comes, costs nothing when it
 * does not (I6).
 */
export class OutcomeHint {
  readonly replyTo: string;
  readonly forget: () => void;
  readonly #listeners = new Set<(frame: Frame | undefined) => void>();
  #heard: { readonly frame: Frame | undefined } | undefined;

  constructor(hints: Hints) {
    const expected = hints.expect((data) => this.#hear(data));
    this.replyTo = expected.replyTo;
    this.forget = () => expected.forget();
  }

  /** Calls back with the closing frame, or with nothing when the stream has it. At once if that was heard before. */
  listen(call: (frame: Frame | undefined) => void): () => void {
    if (this.#heard !== undefined) call(this.#heard.frame);
    else this.#listeners.add(call);
    return () => this.#listeners.delete(call);
  }

  #hear(data: Uint8Array): void {
    const decoded = data.length === 0 ? undefined : decodeFrame(data);
    this.#heard = { frame: decoded?.kind === "ok" ? decoded.value : undefined };
    for (const call of this.#listeners) call(this.#heard.frame);
    this.#listeners.clear();
  }
}
