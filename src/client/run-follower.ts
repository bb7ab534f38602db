/**
 * Follows a run's history as it grows. Frames come over the live subject; what that lost, a look at the stream brings: at
 * once after a reconnect, and every 10 s (I6). Whoever waits also asks after the run's holder, and wakes the run when
 * it is gone: that closes the last case of a lost lease (docs/protocol.md, "Asking").
 */
import { readArchivedRun } from "../archive/archived-run.ts";
import { ArchiveFileError } from "../engine/archive-errors.ts";
import { archivedIn } from "../engine/archived-event.ts";
import { isActive, type RecordedFrame } from "../engine/frame.ts";
import type { RunRef } from "../engine/run-id.ts";
import { ConnectionClosedError } from "../engine/usage-errors.ts";
import { askAfterHolder } from "../history/ask-after-holder.ts";
import { readHead } from "../history/run-head.ts";
import { chain } from "../history/run-history.ts";
import { decodeFrame } from "../wire/frame-codec.ts";
import type { ClientHost } from "./client-host.ts";
import type { Watch } from "./lookout.ts";
import { onAbort } from "./on-abort.ts";

export class RunFollower {
  readonly #host: ClientHost;
  readonly #run: RunRef;
  readonly #onFrames: (frames: readonly RecordedFrame[]) => void;
  readonly #onError: (error: unknown) => void;
  readonly #stops: (() => void)[] = [];
  readonly #depth: "every-frame" | "last-frame";
  /** Sequence of the last frame that was told. */
  #seen: number;
  /** That frame says that a worker holds the run. */
  #isHeld = false;
  #watch: Watch | undefined;
  #looking = false;
  #stopped = false;

  constructor(
    host: ClientHost,
    run: RunRef,
    options: { readonly from: number; readonly depth: "every-frame" | "last-frame" },
    callbacks: {
      /** New frames, in order: every one after `from`, or only the newest each time. */
      onFrames: (frames: readonly RecordedFrame[]) => void;
      onError: (error: unknown) => void;
    },
  ) {
    this.#host = host;
    this.#run = run;
    this.#seen = options.from;
    this.#depth = options.depth;
    this.#onFrames = callbacks.onFrames;
    this.#onError = callbacks.onError;
  }

  async start(): Promise<void> {
    const { broker, lookout } = this.#host;
    const closed = (): void =>
      this.#onError(new ConnectionClosedError(`waiting for ${this.#run.id}`));
    this.#stops.push(onAbort(broker.closed, closed));
    const unfollow = await broker.log.follow(this.#run, ({ sequence, data }) =>
      this.#hear(sequence, data),
    );
    if (this.#stopped) return unfollow();
    const watch = lookout.watch((isDue) => this.#look(isDue));
    this.#watch = watch;
    this.#stops.push(
      unfollow,
      () => watch.stop(),
      broker.hints.onReconnect(() => void watch.now()),
    );
    await watch.now();
  }

  stop(): void {
    this.#stopped = true;
    for (const stop of this.#stops.splice(0)) stop();
  }

  #hear(sequence: number, data: Uint8Array): void {
    if (this.#stopped || sequence <= this.#seen) return;
    const decoded = decodeFrame(data);
    if (decoded.kind === "foreign") return; // Anybody can publish here: it was only a hint.
    const frame = { ...decoded.value, sequence };
    const isWhole = this.#follows(frame) && archivedIn(frame) === undefined;
    if (isWhole && !this.#looking) this.#tell([frame]);
    else void this.#watch?.now();
  }

  /** Reads what was appended since. A look that was due also asks after the run's holder. */
  async #look(isDue: boolean): Promise<void> {
    this.#looking = true;
    try {
      await this.#readOn();
    } catch (error) {
      // The broker is away: a reconnect or the next look brings what is missing.
      const isLasting = error instanceof ArchiveFileError || this.#host.broker.closed.aborted;
      if (isLasting) this.#onError(error);
    } finally {
      this.#looking = false;
    }
    if (isDue && this.#isHeld && !this.#stopped) await askAfterHolder(this.#host, this.#run);
  }

  async #readOn(): Promise<void> {
    const { log } = this.#host.broker;
    const head = await readHead(log, this.#run);
    const frame = head.frame;
    if (frame === undefined || frame.sequence <= this.#seen) return;
    const archived = this.#depth === "every-frame" ? archivedIn(frame) : undefined;
    if (archived !== undefined) {
      const { frames } = await readArchivedRun(this.#host.payloads, archived);
      return this.#tell(frames.filter(({ sequence }) => sequence > this.#seen));
    }
    if (this.#follows(frame)) return this.#tell([frame]);
    // What was told is not read again, unless the place to go on from is none of the history's frames.
    const added = chain(await log.history(this.#run, frame.sequence, this.#seen + 1), this.#seen);
    if (added.frames.at(-1)?.sequence === frame.sequence) return this.#tell(added.frames);
    const { frames } = chain(await log.history(this.#run, frame.sequence));
    this.#tell(frames.filter(({ sequence }) => sequence > this.#seen));
  }

  #follows(frame: RecordedFrame): boolean {
    return this.#depth === "last-frame" || frame.prev === this.#seen;
  }

  #tell(frames: readonly RecordedFrame[]): void {
    const last = frames.at(-1);
    if (last === undefined || this.#stopped) return;
    this.#seen = last.sequence;
    this.#isHeld = isActive(last.status);
    this.#onFrames(frames);
  }
}
