import type { Logger } from "pino";
import type { Served } from "../../definition/served.ts";
import type { Duration } from "../../engine/duration.ts";
import { type GuardMode, Millrace, type ServingWorker, serve } from "../../index.ts";
import type { MemoryBroker } from "../memory-broker.ts";
import type { MemoryConnection } from "../memory-connection.ts";
import type { MemoryProcess } from "../memory-process.ts";
import type { CrashPoints } from "./crash-points.ts";
import type { RealWork } from "./real-work.ts";
import type { SignalWaits } from "./signal-waits.ts";
import type { StandIns } from "./stand-ins.ts";
import { StepSeam } from "./step-seam.ts";

/** The worker of a test, and the next one when it has died: one at a time. */
export class Staff {
  readonly #parts: StaffParts;
  #post: Post | undefined;
  #served: readonly Served[];
  #isOver = false;
  #crashes = 0;
  /** What went wrong when a worker was to start. */
  #onBroken: (error: unknown) => void = () => undefined;
  /** Rejects when no worker can be had. */
  readonly broken = new Promise<never>((_, reject) => {
    this.#onBroken = reject;
  });

  constructor(parts: StaffParts) {
    this.#parts = parts;
    this.#served = parts.served;
    this.broken.catch(() => undefined);
  }

  /** How many workers have died. */
  get crashes(): number {
    return this.#crashes;
  }

  /** True for the process of the worker that lives. */
  isWorking(process: MemoryProcess): boolean {
    return this.#post?.connection === process;
  }

  /** Starts a worker. Resolves when it reads its queues. */
  async hire(): Promise<void> {
    const { broker, standIns, crashes, work, waits, options } = this.#parts;
    const connection = broker.connect();
    const { clock } = connection;
    const seam = new StepSeam({ clock, standIns, crashes, work, waits });
    const post: Post = { connection, seam, worker: undefined };
    this.#post = post;
    if (this.#served.length === 0) return;
    const serving = serve(
      this.#served.map((one) => seam.served(one)),
      { ...options, connection: new Millrace(connection, clock), clock },
    );
    serving.then(
      (worker) => {
        post.worker = worker;
      },
      (error: unknown) => this.#onBroken(error),
    );
    // A worker that dies meanwhile never serves; the next one is there already.
    await Promise.race([serving.catch(() => undefined), killed(connection)]);
  }

  /** The worker serves this too, in time for whatever is done next. */
  async alsoServe(one: Served): Promise<void> {
    if (this.#served.some(({ kind, name }) => kind === one.kind && name === one.name)) return;
    this.#served = [...this.#served, one];
    const before = this.#post;
    if (before === undefined) return;
    await Promise.race([before.worker?.drain(), killed(before.connection)]);
    // It died meanwhile: whoever came after it serves this already.
    if (this.#post !== before) return;
    before.seam.end();
    await this.hire();
  }

  /** As `kill -9`: the worker is gone, its leases are over at once, and another one starts. */
  crash(): void {
    const post = this.#post;
    if (post === undefined || this.#isOver) return;
    this.#crashes++;
    this.#leave(post);
    this.#parts.broker.lapseLeases();
    void this.hire();
  }

  /** Ends the worker for good. */
  dismiss(): void {
    this.#isOver = true;
    if (this.#post !== undefined) this.#leave(this.#post);
  }

  #leave({ connection, seam }: Post): void {
    this.#post = undefined;
    connection.crash();
    seam.end();
    this.#parts.waits.clear();
  }
}

export interface StaffParts {
  readonly broker: MemoryBroker;
  readonly served: readonly Served[];
  readonly standIns: StandIns;
  readonly crashes: CrashPoints;
  readonly work: RealWork;
  readonly waits: SignalWaits;
  readonly options: WorkerChoice;
}

/** How the workers of a test serve. */
export interface WorkerChoice {
  readonly automation: boolean;
  readonly determinismGuard: GuardMode;
  readonly suspendAfter: Duration;
  readonly log: Logger;
}

interface Post {
  readonly connection: MemoryConnection;
  readonly seam: StepSeam;
  /** Nothing while it starts. */
  worker: ServingWorker | undefined;
}

function killed({ killed: signal }: MemoryConnection): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
