import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { pino } from "pino";
import { isClosed } from "../../../src/engine/frame.ts";
import { parseRunId } from "../../../src/engine/run-id.ts";
import type { Stored } from "../../../src/ports/run-log.ts";
import { PROJECTION_VERSION } from "../../../src/projections/projection-version.ts";
import { startProjector } from "../../../src/projections/projector.ts";
import { rebuild } from "../../../src/projections/rebuild.ts";
import type { RunStore } from "../../../src/projections/run-store.ts";
import { openRunStore } from "../../../src/projections/sql/open-run-store.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { MemoryBroker } from "../../../src/testing/memory-broker.ts";
import { archivedRun } from "./archived-run.ts";
import { type CommitFate, FragileStore } from "./fragile-store.ts";
import { type Shown, shownBy } from "./projected-views.ts";
import { runsIn } from "./stored-runs.ts";

/** What happens to projectors while a workload's messages are stored. */
export interface CoursePlan {
  readonly steps: readonly CourseStep[];
  /** What becomes of the n-th commit. */
  readonly fates: readonly { readonly nth: number; readonly fate: CommitFate }[];
  /** Which of the closed runs go into the archive: numbers, modulo how many there are. */
  readonly archived: readonly number[];
}

export type CourseStep =
  | { readonly type: "store"; readonly count: number }
  | { readonly type: "wait"; readonly ms: number }
  /** As with kill -9; another one is started in its place. */
  | { readonly type: "kill" }
  /** A second one, beside the others. */
  | { readonly type: "start" }
  /** The connection to the broker breaks and comes back. */
  | { readonly type: "reconnect" };

export const anyCourse: fc.Arbitrary<CoursePlan> = fc.record({
  steps: fc.array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          type: fc.constant("store" as const),
          count: fc.integer({ min: 1, max: 30 }),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          type: fc.constant("wait" as const),
          ms: fc.constantFrom(1, 40, 300, 2_500),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          type: fc.constantFrom("kill" as const, "start" as const, "reconnect" as const),
        }),
      },
    ),
    { maxLength: 25 },
  ),
  fates: fc.array(
    fc.record({
      nth: fc.integer({ min: 1, max: 12 }),
      fate: fc.constantFrom<CommitFate>(
        "answer lost",
        "not stored",
        "killed before",
        "killed after",
      ),
    }),
    { maxLength: 4 },
  ),
  archived: fc.array(fc.nat(20), { maxLength: 3 }),
});

/**
 * Stores the messages of a workload while projectors come and go, and gives what the live view shows in the end, and what
 * it shows when it has been rebuilt.
 */
export async function runCourse(
  plan: CoursePlan,
  messages: readonly Stored[],
): Promise<{ readonly live: Shown; readonly rebuilt: Shown }> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-projection-"));
  const course = new Course(plan, messages, join(folder, "views.db"));
  try {
    return await course.run();
  } finally {
    await course.end();
    await rm(folder, { recursive: true, force: true });
  }
}

class Course {
  readonly #plan: CoursePlan;
  readonly #file: string;
  readonly #left: Stored[];
  readonly #clock = new ManualClock();
  readonly #broker = new MemoryBroker({ clock: this.#clock });
  readonly #log = pino({ level: process.env["MILLRACE_DRILL_LOG"] ?? "silent" });
  readonly #staff: Projecting[] = [];
  readonly #stores: RunStore[] = [];
  #commits = 0;

  constructor(plan: CoursePlan, messages: readonly Stored[], file: string) {
    this.#plan = plan;
    this.#left = [...messages];
    this.#file = file;
  }

  async run(): Promise<{ readonly live: Shown; readonly rebuilt: Shown }> {
    const store = await this.#open();
    await this.#start();
    for (const step of this.#plan.steps) await this.#take(step);
    this.#store(this.#left.length);
    await this.#archive();
    await this.#caughtUp(store);
    for (const projecting of this.#staff) projecting.store.kill();
    const live = await shownBy(store.view);
    const { feed } = this.#broker.connect();
    const parts = { feed, store, clock: this.#clock, log: this.#log };
    let isOver = false;
    const rebuilt = rebuild(parts, new AbortController().signal).finally(() => {
      isOver = true;
    });
    await this.#until("the view is rebuilt", async () => isOver);
    await rebuilt;
    return { live, rebuilt: await shownBy(store.view) };
  }

  async end(): Promise<void> {
    for (const { store } of this.#staff) store.kill();
    for (const store of this.#stores) await store.close();
  }

  async #take(step: CourseStep): Promise<void> {
    switch (step.type) {
      case "store":
        return this.#store(step.count);
      case "wait":
        return this.#clock.advance(step.ms);
      case "kill":
        return this.#staff[0]?.store.kill();
      case "start":
        return this.#start();
      case "reconnect":
        return this.#staff[0]?.connection.reconnect();
    }
  }

  #store(count: number): void {
    for (const { subject, data } of this.#left.splice(0, count)) this.#broker.store(subject, data);
  }

  async #start(): Promise<void> {
    const connection = this.#broker.connect();
    const store = new FragileStore(
      await this.#open(),
      () => this.#nextFate(),
      () => {
        connection.crash();
        const at = this.#staff.findIndex((one) => one.store === store);
        if (at !== -1) this.#staff.splice(at, 1);
        if (this.#staff.length === 0) this.#clock.after(100, () => void this.#start());
      },
    );
    this.#staff.push({ connection, store });
    startProjector({ feed: connection.feed, store, clock: this.#clock, log: this.#log });
  }

  async #open(): Promise<RunStore> {
    const store = await openRunStore(this.#file);
    this.#stores.push(store);
    return store;
  }

  #nextFate(): CommitFate {
    const nth = ++this.#commits;
    return this.#plan.fates.find((one) => one.nth === nth)?.fate ?? "stored";
  }

  async #archive(): Promise<void> {
    const { log } = this.#broker.connect();
    const runs = [...runsIn(this.#broker.messages()).values()].filter(({ frames }) =>
      isClosed(frames.at(-1)?.status ?? ""),
    );
    const chosen = new Set(this.#plan.archived.map((chance) => runs[chance % runs.length]));
    for (const run of chosen) {
      if (run?.submission === undefined) continue;
      const ref = parseRunId(run.id);
      const { frame, mark, inboxUpTo } = archivedRun(run, run.submission);
      const clock = this.#clock;
      const head = await clock.until(log.head(ref));
      const submission = await clock.until(log.submission(ref));
      if (head === undefined || submission === undefined) continue;
      await clock.until(log.rollUp(head, frame));
      await clock.advance(10);
      await clock.until(log.rollUp(submission, mark));
      await clock.until(log.clearInbox(ref, run.submission.queue, inboxUpTo));
    }
  }

  async #caughtUp(store: RunStore): Promise<void> {
    const last = this.#broker.messages().findLast(({ subject }) => IS_FED.test(subject));
    const view = await store.open("live", String(PROJECTION_VERSION));
    await this.#until("the view has caught up", async () => {
      const [checkpoint] = await view.checkpoints();
      return (checkpoint?.sequence ?? 0) >= (last?.sequence ?? 0);
    });
  }

  /** Time goes on by this clock; a database that waits for another one of its connections goes by the machine's. */
  async #until(fact: string, condition: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + LIMIT_MS;
    while (!(await condition())) {
      if (performance.now() > end) throw new Error(`It did not come: ${fact}`);
      await this.#clock.advance(100);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

interface Projecting {
  readonly connection: ReturnType<MemoryBroker["connect"]>;
  readonly store: FragileStore;
}

const LIMIT_MS = 30_000;
const IS_FED = /^mr\.test\.0\.(?:new|in|h|dead)\./;
