import type { BulkError } from "../engine/bulk-job.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import { askServer } from "./ask-server.ts";
import { onAbort } from "./on-abort.ts";

/** A bulk job: what the servers do to all runs that a query found. Works from any process that knows its id, for seven days. */
export class BulkHandle {
  readonly id: string;
  readonly #host: BulkHost;

  constructor(host: BulkHost, id: string) {
    this.id = id;
    this.#host = host;
  }

  /** How far it is. @throws {@link NoAnswerError}, {@link QuestionRefusedError} when there is no such job */
  async progress(options: { readonly signal?: AbortSignal } = {}): Promise<BulkProgress> {
    return this.#ask("read", options.signal);
  }

  /** What came of it, when it is done, or was told to stop. The job goes on if nobody waits. */
  async result(options: { readonly signal?: AbortSignal } = {}): Promise<BulkProgress> {
    for (;;) {
      const progress = await this.progress(options);
      if (progress.state !== "running") return progress;
      await pause(this.#host.clock, LOOK_EVERY_MS, options.signal);
    }
  }

  /** Tells it to stop: what it has asked for stays asked for, the rest is left alone. */
  cancel(): Promise<BulkProgress> {
    return this.#ask("cancel", undefined);
  }

  async #ask(what: string, signal: AbortSignal | undefined): Promise<BulkProgress> {
    const { questions } = this.#host.broker;
    const { createdAt, finishedAt, ...counts } = await askServer<BulkJson>(
      questions,
      `bulk.${what}`,
      { id: this.id },
      { signal },
    );
    return {
      ...counts,
      createdAt: new Date(createdAt),
      finishedAt: finishedAt === undefined ? undefined : new Date(finishedAt),
    };
  }
}

/** How far a bulk job is. */
export interface BulkProgress extends Omit<BulkJson, "createdAt" | "finishedAt"> {
  readonly createdAt: Date;
  /** Nothing while it runs. */
  readonly finishedAt: Date | undefined;
}

/** A job as servers tell of it. */
export interface BulkJson {
  readonly id: string;
  /** Which runs, in the query language. */
  readonly query: string;
  readonly action: "cancel" | "terminate" | "resume" | "rerun" | "fork" | "signal";
  /** `cancelled`: it was told to stop, and left the rest alone. */
  readonly state: "running" | "done" | "cancelled";
  readonly createdAt: string;
  readonly finishedAt?: string;
  /** How many runs the query found when the job was made, and how many of them it has come to. */
  readonly expected: number;
  readonly matched: number;
  /** Runs that were asked, and that durably. */
  readonly done: number;
  /** Runs for which there was nothing to do: they have ended. */
  readonly skipped: number;
  readonly failed: number;
  /** The first of those that failed, with the reason. */
  readonly errors: readonly BulkError[];
}

interface BulkHost {
  readonly broker: Broker;
  readonly clock: Clock;
}

const LOOK_EVERY_MS = 500;

async function pause(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  let cancel: (() => void) | undefined;
  let forget: (() => unknown) | undefined;
  await new Promise<void>((resolve, reject) => {
    cancel = clock.after(ms, resolve);
    if (signal !== undefined) forget = onAbort(signal, () => reject(signal.reason));
  }).finally(() => {
    cancel?.();
    forget?.();
  });
}
