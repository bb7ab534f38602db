/**
 * Tells of a worker in a control record: when it starts, every 10 s, when it drains and when it has stopped. One write each
 * time, one at a time; what fails is told the next time, and disturbs nobody.
 */
import { hostname } from "node:os";
import {
  PRESENCE_EVERY_MS,
  PRESENCE_KEPT_MS,
  type WorkerPresence,
} from "../engine/worker-presence.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import { encodePresence, presenceKey } from "../wire/presence-codec.ts";
import { EventLoopLag } from "./event-loop-lag.ts";
import { millraceVersion } from "./millrace-version.ts";

export class Presence {
  readonly #parts: PresenceParts;
  readonly #lag = new EventLoopLag();
  readonly #startedAt: number;
  #state: WorkerPresence["state"] = "serving";
  /** Of the record as it was written last. */
  #revision = 0;
  #writing: Promise<void> | undefined;
  /** Something was to be told while a write was under way. */
  #again = false;
  #cancelNext: (() => void) | undefined;
  #isOver = false;

  constructor(parts: PresenceParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
    this.#beat();
  }

  /** It takes nothing more, and hands over what it holds. */
  draining(): void {
    this.#state = "draining";
    void this.#tell();
  }

  /** It has stopped. Resolves when that is told, or cannot be within a second. */
  async stopped(): Promise<void> {
    this.end();
    this.#state = "stopped";
    const { clock } = this.#parts;
    let cancel: (() => void) | undefined;
    const late = new Promise<void>((resolve) => {
      cancel = clock.after(LAST_WORD_MS, resolve);
    });
    await Promise.race([this.#tell(), late]);
    cancel?.();
  }

  /** Tells nothing more by itself. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelNext?.();
    this.#lag.close();
  }

  #beat(): void {
    void this.#tell();
    this.#cancelNext = this.#parts.clock.after(PRESENCE_EVERY_MS, () => this.#beat(), "upkeep");
  }

  #tell(): Promise<void> {
    this.#again = true;
    this.#writing ??= this.#writeOn().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #writeOn(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      try {
        await this.#write();
      } catch {
        // The broker is away: it is told the next time.
      }
    }
  }

  async #write(): Promise<void> {
    const { broker, worker } = this.#parts;
    const key = presenceKey(worker);
    const data = encodePresence(this.#presence);
    const write = (): ReturnType<Broker["control"]["write"]> =>
      broker.control.write(key, data, this.#revision, { ttlMs: PRESENCE_KEPT_MS });
    let outcome = await write();
    if (outcome.status === "conflict") {
      // The ack of an earlier one was lost: nobody else writes this record.
      this.#revision = (await broker.control.read(key))?.revision ?? 0;
      outcome = await write();
    }
    if (outcome.status === "written") this.#revision = outcome.sequence;
  }

  get #presence(): WorkerPresence {
    const { worker, clock, queues, flows, concurrency, stats } = this.#parts;
    const { held, executing } = stats();
    return {
      worker,
      host: hostname(),
      pid: process.pid,
      node: process.versions.node,
      version: millraceVersion(),
      state: this.#state,
      queues,
      flows,
      concurrency,
      running: executing,
      held,
      lagMs: this.#lag.take(),
      startedAt: this.#startedAt,
      seenAt: clock.now(),
    };
  }
}

export interface PresenceParts {
  readonly worker: string;
  readonly broker: Pick<Broker, "control">;
  readonly clock: Clock;
  readonly queues: readonly string[];
  readonly flows: readonly string[];
  readonly concurrency: number;
  readonly stats: () => { readonly held: number; readonly executing: number };
}

/** How long a worker that stops waits for its last word to be stored. */
const LAST_WORD_MS = 1_000;
