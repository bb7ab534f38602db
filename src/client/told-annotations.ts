import { annotatedAt, type RecordedFrame } from "../engine/frame.ts";
import type { RunRef } from "../engine/run-id.ts";
import type { ClientHost } from "./client-host.ts";
import { readAnnotations } from "./read-annotations.ts";
import { NOTHING_TOLD, type ShownAnnotations, shownAnnotations } from "./run-view.ts";

/**
 * What a flow tells of itself, frame by frame: looked up once where frames are first seen, and then only when a frame says
 * that it has changed and does not hold it.
 */
export class ToldAnnotations {
  readonly #host: ClientHost;
  readonly #run: RunRef;
  /** Sequence of the frame that tells what is shown; 0 for none. */
  #at = 0;
  #shown: ShownAnnotations = NOTHING_TOLD;

  constructor(host: ClientHost, run: RunRef) {
    this.#host = host;
    this.#run = run;
  }

  /** As of this frame. While the broker cannot be asked, as it was before. */
  async asOf(frame: RecordedFrame): Promise<ShownAnnotations> {
    const at = annotatedAt(frame);
    if (at === this.#at) return this.#shown;
    try {
      const told = await readAnnotations(this.#host.broker.log, this.#run, frame);
      if (told === undefined) return this.#shown;
      this.#shown = await shownAnnotations(told, this.#host.payloads);
      this.#at = at;
    } catch {
      // The next frame asks again; who watches learns of a broker that stays away by the watch itself.
    }
    return this.#shown;
  }
}
