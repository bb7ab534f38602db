import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { flow } from "../../src/definition/flow.ts";
import { systemClock } from "../../src/ports/clock.ts";
import { EventStream } from "../../src/server/events/event-stream.ts";
import { until } from "../e2e/support/until.ts";
import { type ApiBed, inPath, openApiBed } from "./support/api-bed.ts";
import { SseClient, type SseEvent } from "./support/sse-client.ts";

const twoSteps = flow("two-steps", async (ctx) => {
  await ctx.step("one", () => 1);
  await ctx.step("two", () => 2);
  return "done";
});
const failing = flow("failing", () => {
  throw new Error("no");
});

const urlOf = (bed: ApiBed, path: string): string => `${bed.server.url}/api/v1${path}`;
const changes = ({ events }: SseClient): string[] =>
  events
    .filter(({ event }) => event === "change")
    .map(({ data }) => `${String(data["id"])} ${String(data["status"])}`);

test("a run's events are told as they stand in its history, and then that it has ended", async () => {
  const bed = await openApiBed({ flows: [twoSteps] });
  const run = await bed.millrace.submit(twoSteps, undefined, { key: "a" });
  const client = await SseClient.open(urlOf(bed, `/runs/${inPath(run.id)}/events`));
  expect(client.type).toMatch(/^text\/event-stream/);
  await client.ended;
  const history = (await bed.get(`/runs/${inPath(run.id)}/history`)).body["events"];
  expect(client.events.slice(0, -1).map(({ data }) => data)).toEqual(history);
  expect(client.events.at(-1)).toEqual({
    event: "end",
    id: undefined,
    data: { status: "completed" },
  });
  expect(client.events.map(({ event }) => event)).toContain("StepCompleted");
});

test("a run's events go on after any of them, and after the last one there is nothing", async () => {
  const bed = await openApiBed({ flows: [twoSteps] });
  const run = await bed.millrace.submit(twoSteps, undefined, { key: "a" });
  await run.result();
  const url = urlOf(bed, `/runs/${inPath(run.id)}/events`);
  const all = await SseClient.open(url);
  await all.ended;
  const ids = all.events.slice(0, -1).map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [at, id] of ids.entries()) {
    const rest = await SseClient.open(url, id);
    await rest.ended;
    const isLast = at === ids.length - 1;
    expect(rest.status).toBe(isLast ? 204 : 200);
    expect(rest.events).toEqual(isLast ? [] : all.events.slice(at + 1));
  }
});

test("a run that does not exist has no stream, nor has an id that is none", async () => {
  const bed = await openApiBed();
  expect((await bed.get("/runs/f:nobody/events")).body).toMatchObject({ code: "RUN_NOT_FOUND" });
  expect((await bed.get("/runs/nothing/events")).status).toBe(400);
  await bed.millrace.submit("f", undefined, { key: "a" });
  expect((await bed.get("/runs/f:a/events?after=x")).body).toMatchObject({
    code: "INVALID_OPTION",
  });
});

test("changes of all runs are told from now on, those of one flow or status to whoever asks for them", async () => {
  const bed = await openApiBed({ flows: [twoSteps, failing] });
  await (await bed.millrace.submit(twoSteps, undefined, { key: "before" })).result();
  const all = await SseClient.open(urlOf(bed, "/events"));
  const some = await SseClient.open(urlOf(bed, "/events?flow=failing,other&status=failed,parked"));
  for (const client of [all, some]) {
    await until("it is ready", () => client.events[0]?.event === "ready");
  }
  await (await bed.millrace.submit(twoSteps, undefined, { key: "a" })).result();
  const failed = await bed.millrace.submit(failing, undefined, { key: "b" });
  await failed.result().catch(() => undefined);
  const isTold = (client: SseClient): boolean => changes(client).includes("failing:b failed");
  await until("both are told", () => isTold(some) && isTold(all));
  const ofA = changes(all).filter((text) => text.startsWith("two-steps:a"));
  expect(ofA[0]).toBe("two-steps:a pending");
  expect(ofA.at(-1)).toBe("two-steps:a completed");
  expect(all.events.map(({ data }) => data["key"])).not.toContain("before");
  expect(changes(some)).toEqual(["failing:b failed"]);
  expect(some.events.at(-1)?.data).toMatchObject({ flow: "failing", key: "b", closed: true });
  all.drop();
  some.drop();
});

test("a status or an id that is none is refused, or told to be lost", async () => {
  const bed = await openApiBed();
  expect((await bed.get("/events?status=odd")).body).toMatchObject({ code: "INVALID_OPTION" });
  expect((await bed.get("/events?colour=red")).status).toBe(400);
  for (const id of ["x", "00000000.5", "1-2-3", "9".repeat(5_000)]) {
    const client = await SseClient.open(urlOf(bed, "/events"), id);
    await until("it is told", () => client.events[0]?.event === "reset");
    // From here on it can go on.
    const again = await SseClient.open(urlOf(bed, "/events"), client.lastId);
    await until("it is ready", () => again.events[0]?.event === "ready");
    client.drop();
    again.drop();
  }
});

test("more streams than the limit are refused until one is closed", async () => {
  const bed = await openApiBed({ limits: { streams: 2 } });
  const open = await Promise.all([1, 2].map(() => SseClient.open(urlOf(bed, "/events"))));
  const refused = await bed.get("/events");
  expect(refused).toMatchObject({ status: 503, type: "application/problem+json" });
  expect(refused.body).toMatchObject({ code: "TOO_MANY_STREAMS" });
  expect(refused.headers.get("retry-after")).toBe("5");
  open[0]?.drop();
  await until("there is room again", async () => {
    const client = await SseClient.open(urlOf(bed, "/events"));
    client.drop();
    return client.status === 200;
  });
  open[1]?.drop();
});

test("a stream without events says that it is there, and where it is", async () => {
  const bed = await openApiBed({ limits: { heartbeatMs: 20 } });
  const client = await SseClient.open(urlOf(bed, "/events?flow=other"));
  await until("it is ready", () => client.events.length > 0);
  const { lastId } = client;
  await bed.millrace.submit("f", undefined, { key: "a" });
  await until("it has moved on", () => client.lastId !== lastId);
  expect(client.events.map(({ event }) => event)).toEqual(["ready"]);
  expect(client.comments).toBeGreaterThan(0);
  // What was passed over is not told to whoever goes on from there.
  const again = await SseClient.open(urlOf(bed, "/events"), client.lastId);
  await bed.millrace.submit("f", undefined, { key: "b" });
  await until("the next one is told", () => changes(again).length > 0);
  expect(changes(again)).toEqual(["f:b pending"]);
  client.drop();
  again.drop();
});

test("a stream ends when the server stops, and when it is old, and its client loses nothing", async () => {
  const bed = await openApiBed({ limits: { streamMs: 50 } });
  const told: SseEvent[] = [];
  let client = await SseClient.open(urlOf(bed, "/events"), undefined, (event) => told.push(event));
  for (let at = 0; at < 20; at++) {
    await bed.millrace.submit("f", undefined, { key: `k${at}` });
    if (at % 5 !== 4) continue;
    await client.ended;
    client = await SseClient.open(urlOf(bed, "/events"), client.lastId, (event) =>
      told.push(event),
    );
  }
  await until("all are told", () => told.filter(({ event }) => event === "change").length >= 20);
  const keys = told.filter(({ event }) => event === "change").map(({ data }) => data["key"]);
  expect(keys).toEqual(Array.from({ length: 20 }, (_, at) => `k${at}`));
  const last = await SseClient.open(urlOf(bed, "/events"));
  await bed.server.stop();
  await last.ended;
});

test("a client that reads nothing is cut off, and then goes on where it was", async () => {
  const bed = await openApiBed({ limits: { slowClientMs: 100, liveChanges: 200, streams: 1 } });
  const told: unknown[] = [];
  const onEvent = ({ event, data }: SseEvent): void => {
    if (event === "change") told.push(data["key"]);
  };
  const slow = await SseClient.open(urlOf(bed, "/events"), undefined, onEvent);
  await until("it is ready", () => slow.events.length > 0);
  slow.pause();
  const tags = Array.from({ length: 10 }, (_, at) => `${at}:${"x".repeat(200)}`);
  const keys = Array.from({ length: 10_000 }, (_, at) => `k${at}`);
  for (let at = 0; at < keys.length; at += 500) {
    const some = keys.slice(at, at + 500);
    await Promise.all(some.map((key) => bed.millrace.submit("f", undefined, { key, tags })));
  }
  await until("it is cut off", async () => {
    const other = await SseClient.open(urlOf(bed, "/events"));
    other.drop();
    return other.status === 200;
  });
  slow.resume();
  await slow.ended;
  expect(told.length).toBeLessThan(keys.length);
  // This process serves too: while it does, it reads nothing, and may be cut off again.
  let lastId = slow.lastId;
  while (told.length < keys.length) {
    const again = await SseClient.open(urlOf(bed, "/events"), lastId, (event) => {
      onEvent(event);
      if (told.length >= keys.length) again.drop();
    });
    await again.ended;
    lastId = again.lastId ?? lastId;
  }
  expect(told).toEqual(keys);
});

test("a token is needed where tokens are, and its scope", async () => {
  const bed = await openApiBed({ auth: "tokens" });
  expect((await bed.get("/events")).status).toBe(401);
  const authorization = `Bearer ${await bed.token("submit")}`;
  expect((await bed.get("/events", { authorization })).status).toBe(403);
});

test("a client that left before its stream was opened leaves none open", async () => {
  const server = createServer();
  onTestFinished(() => void server.close());
  const opened = new Promise<EventStream>((resolve) => {
    server.once("request", (_, response) => {
      response.once("close", () =>
        resolve(
          new EventStream(response, {}, systemClock, { heartbeatMs: 15_000, slowMs: 30_000 }),
        ),
      );
      asked.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const asked = get({ port, host: "127.0.0.1", agent: false });
  asked.on("error", () => undefined);
  const stream = await opened;
  expect(stream.closed.aborted).toBe(true);
  await stream.send([{ event: "ready", data: {} }]);
});
