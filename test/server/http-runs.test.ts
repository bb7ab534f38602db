import { expect, test } from "vitest";
import { flow } from "../../src/definition/flow.ts";
import { signal } from "../../src/definition/signal.ts";
import { inPath, openApiBed } from "./support/api-bed.ts";
import { asked } from "./support/asked.ts";

const greet = flow("greet", async (ctx, input: unknown) => {
  await ctx.step("think", () => "hm");
  return { hello: input };
});
const asks = flow("asks", async (ctx) => ctx.receive(signal<unknown>("answer")));
const fails = flow("fails", async () => {
  throw Object.assign(new TypeError("no way", { cause: new Error("deep down") }), { amount: 7n });
});
const rich = flow("rich", async (_, input: unknown) => input);
const flows = [greet, asks, fails, rich];

test("the same key submitted twice is one run: 201 and then 200", async () => {
  const bed = await openApiBed({ flows });
  const submission = { flow: "greet", input: { name: "ann" }, key: "order/42 %2F?ü" };
  const first = await bed.post("/runs", submission);
  const second = await bed.post("/runs", submission);
  const id = "greet:order/42 %2F?ü";
  expect(first).toMatchObject({ status: 201, body: { id, isNew: true } });
  expect(second).toMatchObject({ status: 200, body: { id, isNew: false } });
  expect(first.headers.get("location")).toBe(`/api/v1/runs/${inPath(id)}`);
  const refused = await bed.post("/runs", { ...submission, ifExists: "reject" });
  expect(refused).toMatchObject({ status: 409, body: { code: "RUN_EXISTS", runId: id } });
});

test("a run whose key has slashes and other characters is found under all its addresses", async () => {
  const bed = await openApiBed({ flows });
  const id = "greet:a/b c?d#e%20f&g=ü";
  await bed.post("/runs", { flow: "greet", input: 1, key: id.slice(6), tags: ["job:42"] });
  const result = await bed.get(`/runs/${inPath(id)}/result?wait=60s`);
  expect(result).toMatchObject({
    status: 200,
    body: { id, status: "completed", output: { hello: 1 } },
  });
  const run = await bed.get(`/runs/${inPath(id)}`);
  expect(run).toMatchObject({ status: 200, body: { id, status: "completed", tags: ["job:42"] } });
  const details = await bed.get(`/runs/${inPath(id)}/details`);
  expect(details.body).toMatchObject({
    id,
    input: 1,
    output: { hello: 1 },
    steps: [{ id: "think#1", status: "completed", output: "hm" }],
  });
  const history = await bed.get(`/runs/${inPath(id)}/history`);
  const events = history.body["events"] as readonly { readonly type: string }[];
  expect(events.map(({ type }) => type)).toEqual(["Activated", "StepCompleted", "Completed"]);
});

test("a history is read in pages that hold each event once", async () => {
  const bed = await openApiBed({ flows });
  await bed.post("/runs", { flow: "greet", key: "1" });
  await bed.get("/runs/greet:1/result?wait=60s");
  const whole = await bed.get("/runs/greet:1/history");
  const events: unknown[] = [];
  for (let after: unknown = 0; after !== undefined; ) {
    const { body } = await bed.get(`/runs/greet:1/history?limit=1&after=${after as number}`);
    events.push(...(body["events"] as unknown[]));
    after = body["next"];
  }
  expect(events).toEqual(whole.body["events"]);
});

test("a failed run's result is its error with cause and own data, and no problem", async () => {
  const bed = await openApiBed({ flows });
  await bed.post("/runs", { flow: "fails", key: "1" });
  const { status, body } = await bed.get("/runs/fails:1/result?wait=60000");
  expect(status).toBe(200);
  expect(body).toMatchObject({
    status: "failed",
    error: {
      name: "TypeError",
      message: "no way",
      data: { amount: { $devalue: expect.any(String) } },
      cause: { name: "Error", message: "deep down" },
    },
  });
});

test("a result that has not come in the time asked for is 202, and comes later", async () => {
  const bed = await openApiBed({ flows });
  await bed.post("/runs", { flow: "asks", key: "1" });
  const early = await bed.get("/runs/asks:1/result?wait=50ms");
  expect(early).toMatchObject({ status: 202, body: { id: "asks:1" } });
  const waiting = bed.get("/runs/asks:1/result?wait=60s");
  const sent = await bed.post("/runs/asks:1/signal", { name: "answer", value: [1, "two"] });
  expect(sent).toMatchObject({ status: 202, body: { id: "asks:1" } });
  expect(await waiting).toMatchObject({ status: 200, body: { output: [1, "two"] } });
});

test.each([
  ["a date", { $devalue: '[["Date","2026-01-31T12:00:00.000Z"]]' }],
  ["bytes", { $bytes: "AAEC/w==" }],
  ["a map with a big integer", { $devalue: '[["Map",1,2],"n",["BigInt","7"]]' }],
  ["what looks like bytes", { $json: { $bytes: "AAEC/w==" } }],
  ["nothing", undefined],
  ["null", null],
  ["plain JSON", { a: [1, { b: "c" }] }],
])("%s goes in and comes out in the same form", async (_, input) => {
  const bed = await openApiBed({ flows });
  await bed.post("/runs", { flow: "rich", key: "1", input });
  const { body } = await bed.get("/runs/rich:1/result?wait=60s");
  expect(body["output"]).toEqual(input);
  expect((await bed.get("/runs/rich:1/details")).body["input"]).toEqual(input);
});

test("a value that is marked and makes no sense is refused with its place", async () => {
  const bed = await openApiBed();
  for (const input of [{ $devalue: "[" }, { $devalue: 7 }, { $bytes: "*" }, { $bytes: null }]) {
    const { status, body } = await bed.post("/runs", { flow: "rich", input });
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: "REQUEST_INVALID", errors: [{ pointer: "body/input" }] });
  }
});

test("a signal to a run that is not there yet starts it, and is received once however often it is sent", async () => {
  const bed = await openApiBed({ flows });
  const sent = { flow: "asks", key: "7", signal: { name: "answer", value: "yes", id: "mail-1" } };
  expect(await bed.post("/runs/signal-or-submit", sent)).toMatchObject({
    status: 202,
    body: { id: "asks:7", isNew: true },
  });
  const { body } = await bed.get("/runs/asks:7/result?wait=60s");
  expect(body).toMatchObject({ status: "completed", output: "yes" });
  expect(await bed.post("/runs/signal-or-submit", sent)).toMatchObject({
    status: 409,
    body: { code: "RUN_CLOSED" },
  });
});

test("cancel, terminate and resume do what the client does, and refuse what it refuses", async () => {
  const bed = await openApiBed({ flows });
  for (const key of ["1", "2"]) await bed.post("/runs", { flow: "asks", key });
  expect((await bed.post("/runs/asks:1/cancel", { reason: "over" })).status).toBe(202);
  expect((await bed.post("/runs/asks:2/terminate")).status).toBe(202);
  const first = await bed.get("/runs/asks:1/result?wait=60s");
  expect(first.body).toMatchObject({ status: "cancelled", reason: "over" });
  const again = await bed.post("/runs/asks:1/cancel");
  expect(again).toMatchObject({ status: 409, body: { code: "RUN_CLOSED" } });
  const resumed = await bed.post("/runs/asks:2/resume");
  expect(resumed).toMatchObject({ status: 409, body: { code: "RUN_NOT_RESUMABLE" } });
  const nobody = await bed.post("/runs/asks:3/cancel");
  expect(nobody).toMatchObject({ status: 404, body: { code: "RUN_NOT_FOUND" } });
});

test("a queue is paused, limited and let go on", async () => {
  const bed = await openApiBed({ flows });
  const change = { paused: true, concurrency: 3, rate: { limit: 5, per: "1m" } };
  const { status, body } = await bed.ask("PATCH", "/queues/greet", change);
  expect(status).toBe(200);
  expect(body).toMatchObject({ paused: true, concurrency: 3, rate: { limit: 5, perMs: 60_000 } });
  await bed.post("/runs", { flow: "greet", key: "1" });
  expect((await bed.get("/runs/greet:1/result?wait=50ms")).status).toBe(202);
  await bed.ask("PATCH", "/queues/greet", { paused: false, concurrency: null, rate: null });
  expect((await bed.get("/runs/greet:1/result?wait=60s")).status).toBe(200);
});

test("a server that stops does not wait for the connections of those who waited", async () => {
  const bed = await openApiBed();
  const { id } = await bed.millrace.submit("nobody", undefined, { key: "a" });
  const url = `${bed.server.url}/api/v1/runs/${inPath(id)}/result?wait=60s`;
  const { answer } = await asked(url);
  await bed.server.stop();
  const { status, headers } = await answer;
  expect({ status, connection: headers.connection }).toEqual({
    status: 202,
    connection: "close",
  });
});
