import { expect, test } from "vitest";
import { flow } from "../../src/definition/flow.ts";
import { signal } from "../../src/definition/signal.ts";
import { task } from "../../src/definition/task.ts";
import type { BulkJob } from "../../src/engine/bulk-job.ts";
import { parseRunId } from "../../src/engine/run-id.ts";
import {
  type BulkRequest,
  cancelBulkJob,
  countBulk,
  createBulkJob,
  listBulkJobs,
  readBulkJob,
} from "../../src/server/bulk-job-records.ts";
import { startBulkJobs } from "../../src/server/bulk-jobs.ts";
import type { ServerPart } from "../../src/server/server-host.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { decodeInput } from "../../src/wire/input-codec.ts";
import { Stage } from "../contract/support/stage.ts";
import { FoldedRuns } from "./support/folded-runs.ts";
import { ListedRuns, rowOf } from "./support/listed-runs.ts";
import { type Replica, replicaOf } from "./support/replica.ts";

const OPTIONS = { pageSize: 10, concurrency: 4, leaseMs: 6_000 };

/** A broker with servers, runs that nobody takes up, and the projection of them. */
class Bulk {
  readonly clock = new ManualClock();
  readonly broker = new MemoryBroker({ clock: this.clock, latencyMs: () => 1 });
  readonly runs = new ListedRuns();
  readonly outside = replicaOf(this.broker, "outside", this.runs);

  async submit(count: number, name = "f"): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let at = 0; at < count; at++) {
      const key = `k${String(at).padStart(4, "0")}`;
      const { id } = await this.wait(this.outside.millrace.submit(name, undefined, { key }));
      this.runs.add(rowOf(id, { submittedAt: this.clock.now() }));
      ids.push(id);
    }
    await this.clock.advance(1);
    return ids;
  }

  start(
    name: string,
    options: Partial<typeof OPTIONS & { perSecond: number }> = {},
  ): Replica & ServerPart {
    const replica = replicaOf(this.broker, name, this.runs);
    return { ...replica, ...startBulkJobs(replica, { ...OPTIONS, ...options }) };
  }

  create(request: BulkRequest): Promise<BulkJob> {
    return this.wait(createBulkJob(this.outside, request));
  }

  read(id: string): Promise<BulkJob> {
    return this.wait(readBulkJob(this.outside, id));
  }

  /** Waits until the job has ended, and gives it. */
  async ended(id: string): Promise<BulkJob> {
    for (let second = 0; second < 600; second++) {
      const job = await this.read(id);
      if (job.state !== "running") return job;
      await this.clock.advance(1_000);
    }
    throw new Error("The job does not end");
  }

  async statuses(ids: readonly string[]): Promise<readonly string[]> {
    const states = ids.map((id) => this.outside.millrace.attach(id).state());
    return [...new Set((await this.wait(Promise.all(states))).map(({ status }) => status))];
  }

  /** Ids of the inputs in a run's inbox: each is folded once, however often it stands there. */
  inputs(id: string): readonly string[] {
    const run = parseRunId(id);
    const stored = this.broker
      .messages()
      .filter(({ subject }) => subject.endsWith(`.in.${run.flow}.${run.flow}.${run.token}`));
    const ids = stored.map(({ data }) => {
      const decoded = decodeInput(data);
      return decoded.kind === "ok" ? decoded.value.inputId : "?";
    });
    return [...new Set(ids)];
  }

  wait<T>(promise: Promise<T>): Promise<T> {
    return this.clock.until(promise);
  }
}

const counts = ({ state, expected, matched, done, skipped, failed }: BulkJob): object => ({
  state,
  expected,
  matched,
  done,
  skipped,
  failed,
});

test("a job cancels every run that its query finds, and no other", async () => {
  const bulk = new Bulk();
  const [meant, others] = [await bulk.submit(35), await bulk.submit(3, "g")];
  expect(await bulk.wait(countBulk(bulk.outside, "flow:f"))).toBe(35);
  const server = bulk.start("one");
  const { id } = await bulk.create({
    query: "flow:f",
    action: { type: "cancel", reason: "recall" },
  });
  const job = await bulk.ended(id);
  expect(counts(job)).toEqual({
    state: "done",
    expected: 35,
    matched: 35,
    done: 35,
    skipped: 0,
    failed: 0,
  });
  expect(job.finishedAt).toBeGreaterThan(job.createdAt);
  expect(await bulk.statuses(meant)).toEqual(["cancelled"]);
  expect(await bulk.statuses(others)).toEqual(["pending"]);
  await bulk.wait(server.stop());
});

test("runs that are submitted after a job was made are left alone", async () => {
  const bulk = new Bulk();
  const before = await bulk.submit(12);
  const { id } = await bulk.create({ query: { flow: "f" }, action: { type: "terminate" } });
  const after = await bulk.wait(bulk.outside.millrace.submit("f", undefined, { key: "late" }));
  bulk.runs.add(rowOf(after.id, { submittedAt: bulk.clock.now() }));
  const server = bulk.start("one");
  expect(counts(await bulk.ended(id))).toMatchObject({ matched: 12, done: 12 });
  expect(await bulk.statuses(before)).toEqual(["cancelled"]);
  expect(await bulk.statuses([after.id])).toEqual(["pending"]);
  await bulk.wait(server.stop());
});

test("a job does not fork its own forks, although its server's clock is behind the one that made it", async () => {
  const bulk = new Bulk();
  const ids = await bulk.submit(3);
  const { id } = await bulk.create({ query: "flow:f", action: { type: "rerun" } });
  const own = `f:${id}-0123456789abcdef0123456789abcdef`;
  bulk.runs.add(rowOf(own, { submittedAt: 0 }));
  const server = bulk.start("one");
  expect(await bulk.ended(id)).toMatchObject({ matched: 4, done: ids.length, skipped: 1 });
  await bulk.wait(server.stop());
});

test("runs that leave the query while a job acts on them do not make it pass over others", async () => {
  const bulk = new Bulk();
  const ids = await bulk.submit(45);
  // As a projector that is never behind.
  bulk.broker.inject({
    afterWrite: ({ kind, runId }) => {
      const row = bulk.runs.rows.find(({ id }) => id === runId);
      if (kind === "append" && row !== undefined) bulk.runs.add({ ...row, status: "cancelled" });
    },
  });
  const server = bulk.start("one");
  const { id } = await bulk.create({ query: "flow:f status:pending", action: { type: "cancel" } });
  expect(counts(await bulk.ended(id))).toMatchObject({ state: "done", matched: 45, done: 45 });
  expect(await bulk.statuses(ids)).toEqual(["cancelled"]);
  await bulk.wait(server.stop());
});

test("runs that have ended are counted as such, whether or not the projection knows it", async () => {
  const bulk = new Bulk();
  const ids = await bulk.submit(20);
  for (const [at, id] of ids.slice(0, 6).entries()) {
    await bulk.wait(bulk.outside.millrace.attach(id).terminate());
    if (at < 3)
      bulk.runs.add(rowOf(id, { submittedAt: bulk.clock.now() - 1, status: "cancelled" }));
  }
  await bulk.clock.advance(1);
  const server = bulk.start("one");
  const { id } = await bulk.create({
    query: "",
    action: { type: "signal", name: "go", value: { by: "ann" } },
  });
  expect(counts(await bulk.ended(id))).toMatchObject({
    matched: 20,
    done: 14,
    skipped: 6,
    failed: 0,
  });
  expect(ids.map((run) => bulk.inputs(run).length)).toEqual([
    ...Array(6).fill(0),
    ...Array(14).fill(1),
  ]);
  await bulk.wait(server.stop());
});

test("only what can be resumed is resumed", async () => {
  const bulk = new Bulk();
  await bulk.submit(3);
  const gone = { submittedAt: bulk.clock.now() - 1, archived: "a-file" };
  bulk.runs.add(rowOf("f:gone", { ...gone, status: "failed" }));
  const server = bulk.start("one");
  const { id } = await bulk.create({ query: "flow:f", action: { type: "resume" } });
  expect(counts(await bulk.ended(id))).toMatchObject({ matched: 4, done: 0, skipped: 4 });
  await bulk.wait(server.stop());
});

test("a run that cannot be asked is counted and named, and the others are asked", async () => {
  const bulk = new Bulk();
  await bulk.submit(5);
  bulk.runs.add(rowOf("f:nobody-submitted-it", { submittedAt: bulk.clock.now() - 1 }));
  const server = bulk.start("one");
  const { id } = await bulk.create({ query: "flow:f", action: { type: "cancel" } });
  const job = await bulk.ended(id);
  expect(counts(job)).toMatchObject({ matched: 6, done: 5, failed: 1 });
  expect(job.errors).toMatchObject([{ run: "f:nobody-submitted-it", code: "RUN_NOT_FOUND" }]);
  await bulk.wait(server.stop());
});

test("a job that is cancelled leaves the rest alone", async () => {
  const bulk = new Bulk();
  const ids = await bulk.submit(60);
  const server = bulk.start("one", { perSecond: 10 });
  const { id } = await bulk.create({ query: "flow:f", action: { type: "cancel" } });
  await bulk.clock.advance(3_500);
  const stopped = await bulk.wait(cancelBulkJob(bulk.outside, id));
  expect(stopped.state).toBe("cancelled");
  await bulk.clock.advance(60_000);
  const job = await bulk.read(id);
  expect(job.done).toBeGreaterThan(0);
  expect(job.done).toBeLessThan(60);
  const states = await bulk.wait(
    Promise.all(ids.map((run) => bulk.outside.millrace.attach(run).state())),
  );
  expect(states.filter(({ status }) => status === "cancelled")).toHaveLength(job.done);
  await bulk.wait(server.stop());
});

test.each([1, 2, 3, 5, 8, 13, 21, 34, 41, 44, 47])(
  "a server that is killed at its write %i loses no run of a job, counts none twice, and signals none twice",
  async (at) => {
    const bulk = new Bulk();
    const ids = await bulk.submit(40);
    const doomed = bulk.start("doomed");
    let writes = 0;
    bulk.broker.inject({
      afterWrite: ({ process }) => {
        if (process === doomed.connection && ++writes === at) doomed.connection.crash();
      },
    });
    const { id } = await bulk.create({ query: "flow:f", action: { type: "signal", name: "go" } });
    await bulk.clock.advance(5_000);
    const other = bulk.start("other");
    const job = await bulk.ended(id);
    expect(doomed.connection.state).toBe("crashed");
    expect(counts(job)).toMatchObject({
      state: "done",
      matched: 40,
      done: 40,
      skipped: 0,
      failed: 0,
    });
    expect(ids.map((run) => bulk.inputs(run).length)).toEqual(Array(40).fill(1));
    await bulk.wait(other.stop());
  },
);

test("a server that is killed among runs that it ended itself counts them as done", async () => {
  const bulk = new Bulk();
  const ids = await bulk.submit(25);
  const doomed = bulk.start("doomed");
  let ends = 0;
  bulk.broker.inject({
    afterWrite: ({ process, kind }) => {
      if (process === doomed.connection && kind === "append" && ++ends === 15)
        doomed.connection.crash();
    },
  });
  const { id } = await bulk.create({ query: "flow:f", action: { type: "terminate" } });
  await bulk.clock.advance(5_000);
  const other = bulk.start("other");
  expect(counts(await bulk.ended(id))).toMatchObject({ matched: 25, done: 25, skipped: 0 });
  expect(await bulk.statuses(ids)).toEqual(["cancelled"]);
  await bulk.wait(other.stop());
});

test("three replicas share jobs, and none is done twice", async () => {
  const bulk = new Bulk();
  const ids = await bulk.submit(30);
  const servers = ["one", "two", "three"].map((name) => bulk.start(name));
  const jobs = await Promise.all(
    ["a", "b", "c"].map((name) =>
      bulk.create({ query: "flow:f", action: { type: "signal", name } }),
    ),
  );
  for (const { id } of jobs)
    expect(counts(await bulk.ended(id))).toMatchObject({ matched: 30, done: 30 });
  const put = bulk.broker.messages().filter(({ subject }) => subject.includes(".in.f."));
  expect(put).toHaveLength(90);
  expect(ids.map((run) => bulk.inputs(run).length)).toEqual(Array(30).fill(3));
  expect((await bulk.wait(listBulkJobs(bulk.outside))).map(({ id }) => id).toSorted()).toEqual(
    jobs.map(({ id }) => id).toSorted(),
  );
  for (const server of servers) await bulk.wait(server.stop());
});

test("a job goes on when the broker has been away", async () => {
  const bulk = new Bulk();
  await bulk.submit(30);
  const server = bulk.start("one");
  const { id } = await bulk.create({ query: "flow:f", action: { type: "signal", name: "go" } });
  await bulk.clock.advance(1_010);
  bulk.broker.inject({ beforeWrite: () => "not stored" });
  await bulk.clock.advance(90_000);
  bulk.broker.inject({});
  expect(counts(await bulk.ended(id))).toMatchObject({ matched: 30, done: 30, failed: 0 });
  await bulk.wait(server.stop());
});

test("what cannot be a query, an id or a signal is refused", async () => {
  const bulk = new Bulk();
  const cancel = { type: "cancel" } as const;
  await expect(bulk.create({ query: "statis:failed", action: cancel })).rejects.toMatchObject({
    code: "INVALID_QUERY",
  });
  await expect(
    bulk.create({ query: "", action: { type: "signal", name: "" } }),
  ).rejects.toMatchObject({ code: "INVALID_NAME" });
  for (const id of ["", "*", "a.b", "0123456789abcdefghjkmnpqrs"]) {
    await expect(bulk.read(id)).rejects.toMatchObject({ code: "BULK_JOB_NOT_FOUND" });
  }
});

test("a query that gets too long by the time it is written in full makes no job", async () => {
  const bulk = new Bulk();
  const query = `flow:f text:"${"word ".repeat(1_634)}"`;
  expect(await bulk.wait(countBulk(bulk.outside, query))).toBe(0);
  const made = bulk.create({ query, action: { type: "resume" } });
  await expect(made).rejects.toMatchObject({ code: "INVALID_QUERY" });
  expect(await bulk.wait(listBulkJobs(bulk.outside))).toEqual([]);
});

test("failed runs are resumed, suspended ones receive a signal, and those that wait are told to stop", async () => {
  const stage = new Stage();
  const runs = new FoldedRuns(stage.broker);
  let isBroken = true;
  const shaky = task("shaky", { retry: { attempts: 1 } }, () => {
    if (isBroken) throw new Error("broken");
    return "whole";
  });
  const waiting = flow("waiting", async (ctx) => ctx.receive(signal<string>("go")));
  await stage.hire(() => [shaky, waiting], { suspendAfter: 0 });
  const replica = replicaOf(stage.broker, "one", runs);
  const server = startBulkJobs(replica);
  const done = async (request: BulkRequest): Promise<BulkJob> => {
    const { id } = await stage.clock.until(createBulkJob(replica, request));
    const isOver = (): boolean => job?.state === "done";
    let job: BulkJob | undefined;
    for (let second = 0; second < 60 && !isOver(); second++) {
      await stage.clock.advance(1_000);
      job = await stage.clock.until(readBulkJob(replica, id));
    }
    if (job === undefined) throw new Error("There is no job");
    return job;
  };
  const failed = [await stage.submit("shaky", "a"), await stage.submit("shaky", "b")];
  for (const id of failed) await stage.until(id, "failed");
  const [told, stopped] = [await stage.submit("waiting", "x"), await stage.submit("waiting", "y")];
  await stage.until(stopped, "suspended");
  isBroken = false;
  await stage.clock.advance(1);
  const resumed = await done({ query: "status:failed", action: { type: "resume" } });
  expect(counts(resumed)).toMatchObject({ done: 2, skipped: 0, failed: 0 });
  for (const id of failed) await stage.until(id, "completed");
  await done({ query: "key:x", action: { type: "signal", name: "go", value: "now" } });
  await stage.until(told, "completed");
  const query = "status:suspended";
  expect(await done({ query, action: { type: "cancel", reason: "recall" } })).toMatchObject({
    done: 1,
  });
  await stage.until(stopped, "cancelled");
  expect(stage.state(stopped).cancelReason).toBe("recall");
  await stage.clock.until(server.stop());
});
