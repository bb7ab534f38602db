import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { partitionOf } from "../../src/engine/partition.ts";
import { parseRunId } from "../../src/engine/run-id.ts";
import type { EventFeed } from "../../src/ports/event-feed.ts";
import { PROJECTION_VERSION } from "../../src/projections/projection-version.ts";
import { type Projector, startProjector } from "../../src/projections/projector.ts";
import { rebuild } from "../../src/projections/rebuild.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { put, submitted } from "./support/fed.ts";
import { MemoryDatabase } from "./support/memory-run-store.ts";

const log = pino({ level: process.env["MILLRACE_DRILL_LOG"] ?? "silent" });
const VERSION = String(PROJECTION_VERSION);

/** A broker and a database on one clock, and projectors between them. */
function open({ partitions = 1, database = new MemoryDatabase(), clock = new ManualClock() } = {}) {
  const broker = new MemoryBroker({ clock, partitions });
  const start = (feed: EventFeed = broker.connect().feed): Projector => {
    const projector = startProjector({ feed, store: database.store(), clock, log });
    onTestFinished(() => clock.until(projector.stop()));
    return projector;
  };
  /** Stores submissions of these keys. */
  const submit = (...keys: readonly string[]): void => {
    for (const key of keys) {
      const run = parseRunId(`checkout:${key}`);
      const { data } = submitted(1, { runId: run.id });
      const partition = partitionOf(run, partitions);
      broker.store(`mr.test.${partition}.new.checkout.checkout.${run.token}`, data);
    }
  };
  const keys = (): readonly string[] => database.rows.map(({ key }) => key);
  return { clock, broker, database, start, submit, keys };
}

/** The feed, with every read noted. */
function noted(feed: EventFeed): { readonly feed: EventFeed; readonly reads: number[] } {
  const reads: number[] = [];
  const read: EventFeed["read"] = (partition, after, options) => {
    reads.push(after);
    return feed.read(partition, after, options);
  };
  return {
    reads,
    feed: {
      partitions: feed.partitions,
      layers: feed.layers,
      extent: (partition) => feed.extent(partition),
      read,
    },
  };
}

test("what is stored in any partition is in the view, and what is stored later comes by itself", async () => {
  const { clock, start, submit, keys } = open({ partitions: 3 });
  submit("a", "b", "c", "d");
  const projector = start();
  await clock.advance(1_000);
  expect(keys()).toEqual(["a", "b", "c", "d"]);
  submit("e");
  await clock.advance(100);
  expect(keys()).toEqual(["a", "b", "c", "d", "e"]);
  await clock.advance(5_000);
  expect(projector.status).toHaveLength(3);
  for (const status of projector.status) {
    expect(status).toMatchObject({ state: "reading", lagEvents: 0, lagSeconds: 0, lastError: "" });
  }
});

test("a projector that is started again goes on from the checkpoint", async () => {
  const { clock, broker, start, submit, keys } = open();
  submit("a", "b");
  const first = start();
  await clock.advance(1_000);
  await clock.until(first.stop());
  expect(first.status).toMatchObject([{ state: "stopped", sequence: 2 }]);
  submit("c");
  const { feed, reads } = noted(broker.connect().feed);
  start(feed);
  await clock.advance(1_000);
  expect(reads).toEqual([2]);
  expect(keys()).toEqual(["a", "b", "c"]);
});

test("what comes one by one is stored together, and late by no more than a moment", async () => {
  const { clock, database, start, submit, keys } = open();
  start();
  await clock.advance(1_000);
  for (let at = 0; at < 100; at++) {
    submit(`k${at}`);
    await clock.advance(1);
  }
  await clock.advance(50);
  expect(keys()).toHaveLength(100);
  expect(database.commits).toBeLessThan(6);
});

test("a run is not forgotten when more others are read beside it than fit into memory", async () => {
  const { clock, broker, database, start, submit } = open();
  const ids = Array.from({ length: 21_000 }, (_, at) => `k${at}`);
  submit(...ids);
  start();
  await clock.advance(10_000);
  expect(database.rows).toHaveLength(ids.length);
  // By turns one that is in memory no more, and the one that has been there for the longest time.
  const told = ids.slice(0, 500).flatMap((id, at) => [id, ids[at + 1_000] ?? ""]);
  for (const key of told) {
    const run = parseRunId(`checkout:${key}`);
    broker.store(`mr.test.0.in.checkout.checkout.${run.token}`, put(1).data);
  }
  await clock.advance(1_000);
  expect(database.rows.filter(({ lastInput }) => lastInput > 0)).toHaveLength(1_000);
});

test("of two projectors one folds, and the other takes over when that has stopped", async () => {
  const { clock, database, start, submit, keys } = open();
  const both = [start(), start()];
  for (let at = 0; at < 50; at++) {
    submit(`k${at}`);
    await clock.advance(200);
  }
  expect(keys()).toHaveLength(50);
  // The one that came too late once has not tried again since.
  expect(database.refusals).toBe(1);
  const states = (): readonly (string | undefined)[] => both.map(({ status }) => status[0]?.state);
  expect(new Set(states())).toEqual(new Set(["reading", "standby"]));
  const working = both[states().indexOf("reading")];
  await clock.until(working?.stop() ?? Promise.resolve());
  submit("last");
  await clock.advance(5_000);
  expect(keys()).toHaveLength(51);
  expect(new Set(states())).toEqual(new Set(["reading", "stopped"]));
});

test("a commit whose answer is lost is not repeated, and nothing is left out", async () => {
  const { clock, database, start, submit, keys } = open();
  let lost = 0;
  database.afterCommit = () => {
    if (lost++ < 3) throw new Error("The connection broke");
  };
  const projector = start();
  for (const key of ["a", "b", "c", "d", "e"]) {
    submit(key);
    await clock.advance(3_000);
  }
  expect(keys()).toEqual(["a", "b", "c", "d", "e"]);
  expect(database.commits).toBe(5);
  expect(projector.status).toMatchObject([{ state: "reading", lastError: "" }]);
});

test("a database that does not answer is shown, and tried again until it does", async () => {
  const { clock, database, start, submit, keys } = open();
  const projector = start();
  submit("a");
  await clock.advance(1_000);
  database.failure = new Error("no route to host");
  submit("b");
  await clock.advance(600_000);
  expect(projector.status).toMatchObject([
    { state: "retrying", sequence: 1, lastError: "no route to host" },
  ]);
  database.failure = undefined;
  await clock.advance(10_000);
  expect(keys()).toEqual(["a", "b"]);
  expect(projector.status).toMatchObject([{ state: "reading", lagEvents: 0, lastError: "" }]);
});

test("a projector that starts while the database is away begins when that is there", async () => {
  const { clock, database, start, submit, keys } = open();
  database.failure = new Error("no route to host");
  const projector = start();
  submit("a");
  await clock.advance(60_000);
  expect(projector.status).toMatchObject([{ state: "retrying", lastError: "no route to host" }]);
  database.failure = undefined;
  await clock.advance(10_000);
  expect(keys()).toEqual(["a"]);
});

test("a view of a stream that was made anew is rebuilt, and nothing of the former is left", async () => {
  const { clock, database, start, submit, keys } = open();
  submit("a", "b", "c");
  const projector = start();
  await clock.advance(1_000);
  await clock.until(projector.stop());
  const anew = open({ clock, database });
  anew.submit("x", "y", "z", "zz");
  anew.start();
  await clock.advance(20_000);
  expect(keys()).toEqual(["x", "y", "z", "zz"]);
});

test("a view that has read more than the stream holds is rebuilt", async () => {
  const { clock, broker, database, start, submit, keys } = open();
  submit("a", "b", "c");
  const { feed } = noted(broker.connect().feed);
  const { incarnation } = await clock.until(feed.extent(0));
  const store = database.store();
  const view = await store.open("live", VERSION);
  const checkpoint = { partition: 0, sequence: 9, storedAt: 1, incarnation };
  await view.commit({ partition: 0, expected: 0, checkpoint, rows: [] });
  start();
  await clock.advance(20_000);
  expect(keys()).toEqual(["a", "b", "c"]);
});

test("a view of an older version is read until the new one has caught up", async () => {
  const { clock, database, start, submit, keys } = open();
  await database.store().open("live", String(PROJECTION_VERSION - 1));
  const former = database.live;
  submit("a");
  const meanwhile: unknown[] = [];
  database.beforeCommit = () => void meanwhile.push(database.live, projector.status[0]?.state);
  const projector = start();
  await clock.advance(20_000);
  expect(meanwhile).toEqual([former, "rebuilding"]);
  expect(keys()).toEqual(["a"]);
  expect(database.live?.version).toBe(VERSION);
  submit("b");
  await clock.advance(1_000);
  expect(keys()).toEqual(["a", "b"]);
});

test("a view of a newer version is left alone", async () => {
  const { clock, database, start, submit } = open();
  await database.store().open("live", String(PROJECTION_VERSION + 1));
  const newer = database.live;
  submit("a");
  const projector = start();
  await clock.advance(120_000);
  expect(database.live).toBe(newer);
  expect(database.rows).toEqual([]);
  expect(projector.status).toMatchObject([{ state: "standby" }]);
});

test("a projector goes on with the view that somebody rebuilt meanwhile", async () => {
  const { clock, broker, database, start, submit, keys } = open();
  start();
  submit("a", "b");
  await clock.advance(1_000);
  const former = database.live;
  const parts = { feed: broker.connect().feed, store: database.store(), clock, log };
  const never = new AbortController().signal;
  expect(await clock.until(rebuild(parts, never))).toBe("switched");
  expect(database.live).not.toBe(former);
  submit("c");
  await clock.advance(5_000);
  expect(keys()).toEqual(["a", "b", "c"]);
});

test("a rebuild that was broken off goes on where it was", async () => {
  const { clock, broker, database, submit, keys } = open();
  submit("a", "b");
  const store = database.store();
  const first = new AbortController();
  const begun = rebuild({ feed: broker.connect().feed, store, clock, log }, first.signal);
  database.afterCommit = () => first.abort();
  expect(await clock.until(begun)).toBe("stopped");
  expect(keys()).toEqual([]);
  expect(database.commits).toBe(1);
  submit("c");
  const { feed, reads } = noted(broker.connect().feed);
  const again = rebuild({ feed, store, clock, log }, new AbortController().signal);
  expect(await clock.until(again)).toBe("switched");
  expect(reads).toEqual([2]);
  expect(keys()).toEqual(["a", "b", "c"]);
});

test("of two rebuilds at once one builds, and both are done with it", async () => {
  const { clock, broker, database, submit, keys } = open();
  submit("a", "b");
  const never = new AbortController().signal;
  const rebuilt = [1, 2].map(() =>
    rebuild({ feed: broker.connect().feed, store: database.store(), clock, log }, never),
  );
  await clock.until(Promise.all(rebuilt));
  expect(keys()).toEqual(["a", "b"]);
  expect(database.rebuild).toBeUndefined();
});
