/** Projectors as processes that are killed, databases that go away: a view that is rebuilt shows the same (I10). */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { Millrace } from "../../src/client/millrace.ts";
import { connect } from "../../src/connect.ts";
import { flow } from "../../src/definition/flow.ts";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { systemClock } from "../../src/ports/clock.ts";
import type { ProjectorStatus } from "../../src/projections/projector-status.ts";
import { rebuild } from "../../src/projections/rebuild.ts";
import { openRunStore } from "../../src/projections/sql/open-run-store.ts";
import { serve } from "../../src/worker/serve.ts";
import { type PostgresServer, startPostgres } from "../projections/support/start-postgres.ts";
import { type Shown, shownBy } from "../property/support/projected-views.ts";
import { Child } from "./support/child-process.ts";
import { until } from "./support/until.ts";

const log = pino({ level: "silent" });
const KILLS = 6;

let folder: string;
let server: NatsServer;
let postgres: PostgresServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-e2e-"));
  [server, postgres] = await Promise.all([
    startNatsServer({ storeDir: join(folder, "nats") }),
    startPostgres(),
  ]);
});

afterAll(async () => {
  await Promise.all([server.kill(), postgres.stop()]);
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

/** A namespace with a worker, and what keeps views of it. */
class Bed {
  readonly namespace: string;
  readonly #millrace: Millrace;
  #submitted = 0;

  private constructor(namespace: string, millrace: Millrace) {
    this.namespace = namespace;
    this.#millrace = millrace;
  }

  static async open(): Promise<Bed> {
    const namespace = `view-${randomBytes(4).toString("hex")}`;
    const millrace = await connect({ servers: server.url, namespace, partitions: 2 });
    const worker = await serve([work], { connection: millrace, lease: "1s", log });
    onTestFinished(async () => {
      await worker.drain();
      await millrace.close();
    });
    return new Bed(namespace, millrace);
  }

  /** Submits so many runs, and waits until all have ended. */
  async work(count: number): Promise<void> {
    const runs = await Promise.all(
      Array.from({ length: count }, () => {
        const at = this.#submitted++;
        return this.#millrace.submit(work, at, { key: `k${at}`, tags: [`tenth:${at % 10}`] });
      }),
    );
    const ends = runs.map((run) => run.result({ timeout: "60s" }).catch(failed));
    await Promise.all(ends);
  }

  /** Starts a process that keeps the view in this database. */
  async projector(database: string): Promise<Child> {
    const { url: servers } = server;
    const child = new Child("projector.mjs", { servers, namespace: this.namespace, database });
    await child.reported("it has begun", (report) => "ready" in report);
    return child;
  }

  /** Resolves when the view in this database shows every run that was submitted, ended. */
  async untilShown(database: string): Promise<Shown> {
    const store = await openRunStore(database);
    try {
      await until("every run is in the view, and has ended", async () => {
        const stats = await store.view.stats();
        const ended = stats.filter(({ status }) => status === "completed" || status === "failed");
        const count = ended.reduce((sum, one) => sum + one.count, 0);
        return count === this.#submitted && stats.length === ended.length;
      });
      return await shownBy(store.view);
    } finally {
      await store.close();
    }
  }

  /** What a view shows that is built in a file of its own. */
  async rebuilt(): Promise<Shown> {
    const store = await openRunStore(join(folder, `${this.namespace}-rebuilt.db`));
    const { feed } = this.#millrace.broker;
    const parts = { feed, store, clock: systemClock, log };
    try {
      await rebuild(parts, new AbortController().signal);
      return await shownBy(store.view);
    } finally {
      await store.close();
    }
  }
}

const work = flow("work", async (ctx, at: number) => {
  ctx.tag(`third:${at % 3}`);
  await ctx.step("a", () => at);
  if (at % 7 === 0) throw new RangeError(`Order ${at} is of no use`);
  if (at % 5 === 0) await ctx.sleep("50ms");
  ctx.progress(1, 2);
  return ctx.step("b", () => at);
});

/** Some of the work fails. Anything else is thrown. */
function failed(error: Error & { readonly code?: string }): undefined {
  if (error.code !== "RUN_FAILED") throw error;
}

async function statusOf(child: Child): Promise<readonly ProjectorStatus[]> {
  const asked = randomBytes(4).toString("hex");
  child.send({ ask: asked });
  const { status } = await child.reported("its status", (report) => report["asked"] === asked);
  return status as readonly ProjectorStatus[];
}

test("a projector that is killed again and again keeps a view like one that is built in one go", async () => {
  const bed = await Bed.open();
  const database = join(folder, `${bed.namespace}.db`);
  let kills = 0;
  const isKilling = (): boolean => kills < KILLS;
  const worked = (async () => {
    for (let round = 0; isKilling() && round < 20; round++) await bed.work(30);
  })();
  for (; isKilling(); kills++) {
    const child = await bed.projector(database);
    await new Promise((resolve) => setTimeout(resolve, 40 + kills * 70));
    await child.kill();
  }
  await worked;
  await bed.projector(database);
  expect(await bed.untilShown(database)).toEqual(await bed.rebuilt());
});

test("a database file that was deleted while nobody used it is made again by itself", async () => {
  const bed = await Bed.open();
  const database = join(folder, `${bed.namespace}.db`);
  await bed.work(50);
  const first = await bed.projector(database);
  const before = await bed.untilShown(database);
  await first.kill();
  for (const end of ["", "-wal", "-shm"]) await rm(`${database}${end}`, { force: true });
  await bed.projector(database);
  expect(await bed.untilShown(database)).toEqual(before);
});

test("of two projectors at one PostgreSQL one folds, and when it is killed the other goes on", async () => {
  const bed = await Bed.open();
  const database = await postgres.newDatabase();
  const both = await Promise.all([bed.projector(database), bed.projector(database)]);
  await bed.work(100);
  await bed.untilShown(database);
  const states = await until("of each partition one folds", async () => {
    const all = await Promise.all(both.map(statusOf));
    const readers = [0, 1].map(
      (partition) => all.filter((status) => status[partition]?.state === "reading").length,
    );
    return readers.join() === "1,1" && all;
  });
  const [killed] = states[0]?.some(({ state }) => state === "reading") === true ? both : [both[1]];
  await killed?.kill();
  await bed.work(100);
  expect(await bed.untilShown(database)).toEqual(await bed.rebuilt());
});

test("a PostgreSQL that is killed and started again in mid-work loses nothing and counts nothing twice", async () => {
  const bed = await Bed.open();
  const database = await postgres.newDatabase();
  const child = await bed.projector(database);
  for (let time = 0; time < 2; time++) {
    await until("the projector has written", async () => {
      await bed.work(20);
      return (await statusOf(child)).some(({ eventsPerSecond, state }) => {
        return eventsPerSecond > 0 && state === "reading";
      });
    });
    const working = bed.work(100);
    await postgres.kill();
    await until("the projector says what is wrong", async () => {
      await bed.work(1);
      return (await statusOf(child)).some(({ lastError }) => lastError !== "");
    });
    await postgres.start();
    await working;
  }
  expect(await bed.untilShown(database)).toEqual(await bed.rebuilt());
  expect(child.isAlive).toBe(true);
});
