import { expect, onTestFinished, test, vi } from "vitest";
import { Millrace } from "../../src/client/millrace.ts";
import { signal as signalNamed } from "../../src/definition/signal.ts";
import { isPlain } from "../../src/engine/payload.ts";
import { parseRunId } from "../../src/engine/run-id.ts";
import { startQueries } from "../../src/server/answer-queries.ts";
import { startBulkJobs } from "../../src/server/bulk-jobs.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { decodeInput } from "../../src/wire/input-codec.ts";
import { decodeValue } from "../../src/wire/value-codec.ts";
import { ListedRuns, rowOf } from "./support/listed-runs.ts";
import { replicaOf } from "./support/replica.ts";

/** A client, and a server that answers from these rows. */
async function stage(runs: ListedRuns, maxMessageBytes?: number): Promise<Millrace> {
  const broker = new MemoryBroker(maxMessageBytes === undefined ? {} : { maxMessageBytes });
  const host = replicaOf(broker, "r1", runs);
  const queries = await startQueries(host);
  const jobs = startBulkJobs(host, { lookEveryMs: 20 });
  onTestFinished(async () => {
    await queries.stop();
    await jobs.stop();
  });
  return new Millrace(broker.connect());
}

function listed(count: number): ListedRuns {
  const runs = new ListedRuns();
  for (let at = 0; at < count; at++) {
    const status = at % 2 === 0 ? "failed" : "completed";
    runs.add(rowOf(`f:k${at}`, { status, submittedAt: 1_000_000 + at, updatedAt: 1_000_000 + at }));
  }
  return runs;
}

test("a run is told with all that its row has, times as dates", async () => {
  const runs = new ListedRuns();
  runs.add(
    rowOf("f:a", {
      submittedAt: 1_000,
      updatedAt: 1_000,
      status: "failed",
      parent: "p:1",
      root: "p:1",
      depth: 1,
      closedAt: 5_000,
      worker: "w1",
      waits: ["signal s"],
      tags: ["t:1", "t:2"],
      addedTags: ["t:2", "t:3"],
      attributes: { customer: "ann", since: new Date(7_000), paid: true, total: 2.5 },
      progress: { done: 1, total: 2, message: "half" },
      errorName: "TypeError",
      errorMessage: "no",
      errorFingerprint: "0123456789abcdef",
      archived: "some/key",
    }),
  );
  const client = await stage(runs);
  expect(await client.runs.get("f:a")).toEqual({
    id: "f:a",
    flow: "f",
    key: "a",
    queue: "f",
    status: "failed",
    closed: true,
    parent: "p:1",
    root: "p:1",
    depth: 1,
    submittedAt: new Date(1_000),
    startAt: undefined,
    deadlineAt: undefined,
    startedAt: undefined,
    updatedAt: new Date(1_000),
    closedAt: new Date(5_000),
    epoch: 0,
    takeOvers: 0,
    crashes: 0,
    worker: "w1",
    version: "",
    wakeAt: undefined,
    waitingFor: ["signal s"],
    tags: ["t:1", "t:2", "t:3"],
    attributes: { customer: "ann", since: new Date(7_000), paid: true, total: 2.5 },
    progress: { done: 1, total: 2, message: "half" },
    parked: undefined,
    cancelReason: undefined,
    error: { name: "TypeError", message: "no", fingerprint: "0123456789abcdef" },
    archived: true,
  });
});

test("a list is gone through over all its pages, each run once, in order", async () => {
  const client = await stage(listed(95));
  const ids: string[] = [];
  for await (const { id } of client.runs.list("status:failed", { pageSize: 10 })) ids.push(id);
  expect(ids).toEqual(Array.from({ length: 48 }, (_, at) => `f:k${at * 2}`));
});

test("a list is taken page by page, and the last page says that it is", async () => {
  const client = await stage(listed(5));
  const list = client.runs.list({ flow: "f" }, { pageSize: 3 });
  const first = await list.page();
  expect(first.runs.map(({ key }) => key)).toEqual(["k0", "k1", "k2"]);
  const last = await list.page(first.next);
  expect(last.runs.map(({ key }) => key)).toEqual(["k3", "k4"]);
  expect(last.next).toBeUndefined();
});

test("text and the object that it stands for ask for the same runs", async () => {
  const search = new ListedRuns();
  const list = vi.spyOn(search, "list");
  const client = await stage(search);
  const query = {
    flow: ["a", "b"],
    status: "failed" as const,
    tags: ["job:42", 'with "quotes" and spaces'],
    submitted: { from: new Date(1_000), to: new Date(2_000) },
    attributes: [{ name: "since", is: ">=" as const, value: new Date(3_000) }],
    order: { by: "closed" as const, direction: "ascending" as const },
  };
  await client.runs.list(query).page();
  await client.runs
    .list(
      `flow:a,b status:failed tag:job:42 tag:"with \\"quotes\\" and spaces" submitted:>=1970-01-01T00:00:01Z submitted:<1970-01-01T00:00:02Z attr.since>=1970-01-01T00:00:03.000Z order:closed`,
    )
    .page();
  expect(list.mock.calls.map(([asked]) => asked)).toEqual([query, query]);
});

test("a page that is larger than a message is cut, and none of its runs is lost", async () => {
  const search = listed(60);
  const long = { errorMessage: "x".repeat(900), errorName: "E" };
  search.rows = search.rows.map((row) => ({ ...row, ...long }));
  const client = await stage(search, 10_000);
  const list = client.runs.list("", { pageSize: 1_000 });
  const { runs, next } = await list.page();
  expect(runs.length).toBeGreaterThan(1);
  expect(runs.length).toBeLessThan(60);
  expect(next).toBeDefined();
  const keys: string[] = [];
  for await (const { key } of list) keys.push(key);
  expect(keys).toEqual(search.rows.map(({ key }) => key));
});

test("counts say whether they are exact, and stats come as they are", async () => {
  const search = listed(10);
  const count = vi.spyOn(search, "count");
  const client = await stage(search);
  expect(await client.runs.count("status:failed")).toEqual({ count: 5, exact: true });
  count.mockResolvedValueOnce({ count: 3, exact: false });
  expect(await client.runs.count("", { atMost: 3 })).toEqual({ count: 3, exact: false });
  expect(count.mock.lastCall).toEqual([{}, 3]);
  expect(await client.runs.stats()).toEqual([
    { flow: "f", queue: "f", status: "failed", count: 5 },
    { flow: "f", queue: "f", status: "completed", count: 5 },
  ]);
});

test("a query that cannot be understood is refused with the place of the character", async () => {
  const client = await stage(new ListedRuns());
  await expect(client.runs.count("flow:a colour:red")).rejects.toMatchObject({
    code: "INVALID_QUERY",
    position: 7,
  });
});

test("a run that the search does not know is not found, nor is one of which there is only an inbox", async () => {
  const runs = new ListedRuns();
  runs.add(rowOf("f:inbox-only", { submissionSequence: 0 }));
  const client = await stage(runs);
  for (const id of ["f:nobody", "f:inbox-only"]) {
    await expect(client.runs.get(id)).rejects.toMatchObject({ code: "RUN_NOT_FOUND", runId: id });
  }
  await expect(client.runs.get("no id")).rejects.toMatchObject({ code: "INVALID_NAME" });
});

test("what is out of bounds, or no question at all, is refused", async () => {
  const client = await stage(new ListedRuns());
  await expect(client.runs.list("", { pageSize: 1_001 }).page()).rejects.toMatchObject({
    refusal: "INVALID_OPTION",
  });
  const { questions } = client.broker;
  for (const bytes of ["", "null", "[", '{"query":7}', '{"limit":"many"}']) {
    const asked = questions.ask("runs.list", new TextEncoder().encode(bytes), {
      timeoutMs: 30_000,
    });
    await expect(asked).rejects.toMatchObject({ code: "QUESTION_REFUSED" });
  }
});

test("all runs that a query finds are cancelled by a job that tells how far it is", async () => {
  const search = new ListedRuns();
  const client = await stage(search);
  for (const key of ["a", "b", "c"]) {
    const { id } = await client.submit("f", undefined, { key });
    search.add(rowOf(id, { submittedAt: Date.now() - 1_000 }));
  }
  const other = await client.submit("g", undefined, { key: "a" });
  search.add(rowOf(other.id, { submittedAt: Date.now() - 1_000 }));

  expect(await client.runs.cancelWhere("flow:f", { dryRun: true })).toEqual({ count: 3 });
  expect((await client.attach("f:a").state()).status).toBe("pending");

  const job = await client.runs.cancelWhere({ flow: "f" }, { reason: "sold out" });
  const result = await job.result();
  expect(result).toMatchObject({ id: job.id, state: "done", action: "cancel", expected: 3 });
  expect(result).toMatchObject({ matched: 3, done: 3, skipped: 0, failed: 0, errors: [] });
  expect(result.finishedAt).toBeInstanceOf(Date);
  for (const key of ["a", "b", "c"]) {
    expect((await client.attach(`f:${key}`).details()).status).toBe("cancelled");
  }
  expect((await other.state()).status).toBe("pending");
  expect(await client.runs.job(job.id).cancel()).toEqual(result);
});

test("runs that a query finds are terminated, resumed and signalled by jobs, and a signal's value arrives as it was", async () => {
  const search = new ListedRuns();
  const client = await stage(search);
  for (const key of ["a", "b"]) {
    const { id } = await client.submit("f", undefined, { key });
    search.add(rowOf(id, { submittedAt: Date.now() - 1_000 }));
  }
  const go = signalNamed<{ readonly at: Date }>("go");
  const value = { at: new Date("2026-05-04T12:00:00Z") };
  const sent = await client.runs.signalWhere("flow:f", go, value);
  expect(await sent.result()).toMatchObject({ action: "signal", done: 2, failed: 0 });
  const [input] = await client.broker.log.inbox(parseRunId("f:a"), "f", 0);
  const decoded = decodeInput(input?.data ?? new Uint8Array());
  const body =
    decoded.kind === "ok" && decoded.value.body.type === "Signal" ? decoded.value.body : undefined;
  expect(body?.name).toBe("go");
  expect(body !== undefined && isPlain(body.payload) && decodeValue(body.payload)).toEqual(value);

  const ended = await client.runs.terminateWhere({ flow: "f" }, { reason: "stuck" });
  expect(await ended.result()).toMatchObject({ action: "terminate", done: 2 });
  expect(await client.attach("f:a").details()).toMatchObject({ status: "cancelled" });

  const resumed = await client.runs.resumeWhere("flow:f");
  expect(await resumed.result()).toMatchObject({ action: "resume", done: 0, skipped: 2 });
});

test("waiting for a bulk job is given up by its signal, and a job that is none is refused", async () => {
  const client = await stage(new ListedRuns());
  await expect(client.runs.job("nothing").progress()).rejects.toMatchObject({
    refusal: "BULK_JOB_NOT_FOUND",
  });
  const signal = AbortSignal.abort(new Error("Enough"));
  await expect(client.runs.job("nothing").result({ signal })).rejects.toThrow("Enough");
});

test("without a server it is said what to start", async () => {
  const client = new Millrace(new MemoryBroker().connect());
  await expect(client.runs.count()).rejects.toMatchObject({
    code: "NO_ANSWER",
    message: expect.stringContaining("millrace server") as string,
  });
});
