import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { Millrace } from "../../src/client/millrace.ts";
import { systemClock } from "../../src/ports/clock.ts";
import type { RunStore } from "../../src/projections/run-store.ts";
import { startQueries } from "../../src/server/answer-queries.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { FakeSearch, rowOf } from "./support/fake-search.ts";

/** A client, and a server that answers from these rows. */
async function stage(search: FakeSearch, maxMessageBytes?: number): Promise<Millrace> {
  const broker = new MemoryBroker(maxMessageBytes === undefined ? {} : { maxMessageBytes });
  const server = new Millrace(broker.connect());
  const part = await startQueries({
    millrace: server,
    store: { view: search } as unknown as RunStore,
    clock: systemClock,
    log: pino({ level: "silent" }),
    replica: "r1",
  });
  onTestFinished(() => part.stop());
  return new Millrace(broker.connect());
}

const manyRows = (count: number) =>
  Array.from({ length: count }, (_, at) =>
    rowOf(`k${at}`, { status: at % 2 === 0 ? "failed" : "completed" }),
  );

test("a run is told with all that its row has, times as dates", async () => {
  const client = await stage(
    new FakeSearch([
      rowOf("a", {
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
    ]),
  );
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
  const client = await stage(new FakeSearch(manyRows(95)));
  const ids: string[] = [];
  for await (const { id } of client.runs.list("status:failed", { pageSize: 10 })) ids.push(id);
  expect(ids).toEqual(Array.from({ length: 48 }, (_, at) => `f:k${at * 2}`));
});

test("a list is taken page by page, and the last page says that it is", async () => {
  const client = await stage(new FakeSearch(manyRows(5)));
  const list = client.runs.list({ flow: "f" }, { pageSize: 3 });
  const first = await list.page();
  expect(first.runs.map(({ key }) => key)).toEqual(["k0", "k1", "k2"]);
  const last = await list.page(first.next);
  expect(last.runs.map(({ key }) => key)).toEqual(["k3", "k4"]);
  expect(last.next).toBeUndefined();
});

test("text and the object that it stands for ask for the same runs", async () => {
  const search = new FakeSearch();
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
  expect(search.queries[0]).toEqual(query);
  expect(search.queries[1]).toEqual(query);
});

test("a page that is larger than a message is cut, and none of its runs is lost", async () => {
  const rows = manyRows(60).map((row) => ({
    ...row,
    errorMessage: "x".repeat(900),
    errorName: "E",
  }));
  const client = await stage(new FakeSearch(rows), 10_000);
  const list = client.runs.list("", { pageSize: 1_000 });
  const { runs, next } = await list.page();
  expect(runs.length).toBeGreaterThan(1);
  expect(runs.length).toBeLessThan(60);
  expect(next).toBeDefined();
  const keys: string[] = [];
  for await (const { key } of list) keys.push(key);
  expect(keys).toEqual(rows.map(({ key }) => key));
});

test("counts say whether they are exact, and stats come as they are", async () => {
  const client = await stage(new FakeSearch(manyRows(10)));
  expect(await client.runs.count("status:failed")).toEqual({ count: 5, exact: true });
  expect(await client.runs.count("", { atMost: 3 })).toEqual({ count: 3, exact: false });
  expect(await client.runs.stats()).toEqual([
    { flow: "f", queue: "f", status: "failed", count: 10 },
  ]);
});

test("a query that cannot be understood is refused with the place of the character", async () => {
  const client = await stage(new FakeSearch());
  await expect(client.runs.count("flow:a colour:red")).rejects.toMatchObject({
    code: "INVALID_QUERY",
    position: 7,
  });
});

test("a run that the search does not know is not found, nor is one of which there is only an inbox", async () => {
  const client = await stage(new FakeSearch([rowOf("inbox-only", { submissionSequence: 0 })]));
  for (const id of ["f:nobody", "f:inbox-only"]) {
    await expect(client.runs.get(id)).rejects.toMatchObject({ code: "RUN_NOT_FOUND", runId: id });
  }
  await expect(client.runs.get("no id")).rejects.toMatchObject({ code: "INVALID_NAME" });
});

test("what is out of bounds, or no question at all, is refused", async () => {
  const client = await stage(new FakeSearch());
  await expect(client.runs.list("", { pageSize: 1_001 }).page()).rejects.toMatchObject({
    refusal: "INVALID_OPTION",
  });
  const { questions } = client.broker;
  for (const bytes of ["", "null", "[", '{"query":7}', '{"limit":"many"}']) {
    const asked = questions.ask("runs.list", new TextEncoder().encode(bytes), { timeoutMs: 5_000 });
    await expect(asked).rejects.toMatchObject({ code: "QUESTION_REFUSED" });
  }
});

test("without a server it is said what to start", async () => {
  const client = new Millrace(new MemoryBroker().connect());
  await expect(client.runs.count()).rejects.toMatchObject({
    code: "NO_ANSWER",
    message: expect.stringContaining("millrace server") as string,
  });
});
