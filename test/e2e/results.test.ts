/** Anyone who kept a run's id gets its result: from any process, at any time, whatever notifications were lost. */
import { expect, onTestFinished, test } from "vitest";
import { Millrace } from "../../src/client/millrace.ts";
import { connectBroker } from "../../src/jetstream/connect-broker.ts";
import type { Broker } from "../../src/ports/broker.ts";
import { type Clock, systemClock } from "../../src/ports/clock.ts";
import { type TestBed, testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();

test("processes that attach before, during and after a run get the same result (I6)", async () => {
  const bed = await beds.open();
  const { id } = await bed.millrace.submit("gated");
  const before = (await bed.client()).result(id);
  await bed.worker("gated");
  await until("the run is under way", () => bed.ledger.of(id).length === 3);
  const during = (await bed.client()).result(id);
  bed.openGate("left");
  bed.openGate("right");

  expect((await before).value).toEqual(["left", "right"]);
  expect((await during).value).toEqual(["left", "right"]);
  const after = await bed.client();
  expect((await after.result(id)).value).toEqual(["left", "right"]);
});

test("a failed run throws what it threw, rebuilt, in a process that started after it had ended", async () => {
  const bed = await beds.open();
  await bed.worker("failing");
  const run = bed.millrace.attach((await bed.millrace.submit("failing", "why")).id);
  const failure: unknown = await run.result({ timeout: "60s" }).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: "RUN_FAILED",
    runId: run.id,
    cause: {
      name: "TypeError",
      message: "no: why",
      detail: { depth: 1 },
      stack: expect.stringContaining("failing.mjs"),
      cause: { name: "RangeError", message: "deep" },
    },
  });
  expect(failure instanceof Error && failure.cause).toBeInstanceOf(TypeError);
  expect((await (await bed.client()).result(run.id)).error).toMatchObject({ code: "RUN_FAILED" });
});

test("with every notification lost, a result is late and not missing (I6)", async () => {
  const bed = await beds.open();
  const deaf = await hardOfHearing(bed, hurried(50));
  const submitted = await deaf.submit("gated");
  const results = [submitted.result(), deaf.attach(submitted.id).result()];
  const statuses = (async () => {
    const seen: string[] = [];
    for await (const { status } of deaf.attach(submitted.id).watch()) seen.push(status);
    return seen;
  })();
  await bed.worker("gated");
  await until("the run is under way", () => bed.ledger.of(submitted.id).length === 3);
  bed.openGate("left");
  bed.openGate("right");

  expect(await Promise.all(results)).toEqual([
    ["left", "right"],
    ["left", "right"],
  ]);
  expect((await statuses).at(-1)).toBe("completed");
});

test("events that are followed come complete and in order, notifications lost or not (I6)", async () => {
  const bed = await beds.open();
  const deaf = await hardOfHearing(bed, hurried(50));
  const { id } = await bed.millrace.submit("steps", { count: 30, ms: 10 });
  const followed = [bed.millrace, deaf].map(async (millrace) => {
    const seen: string[] = [];
    for await (const { sequence, index, type } of millrace.attach(id).events({ follow: true })) {
      seen.push(`${sequence}.${index} ${type}`);
    }
    return seen;
  });
  await bed.worker("steps");
  const [heard, looked] = await Promise.all(followed);
  const recorded: string[] = [];
  for await (const { sequence, index, type } of bed.millrace.attach(id).events()) {
    recorded.push(`${sequence}.${index} ${type}`);
  }
  expect(heard).toEqual(recorded);
  expect(looked).toEqual(recorded);
});

test("a result that is waited for by many at once prints no warning", async () => {
  const bed = await beds.open();
  const client = await bed.client();
  await bed.worker("gated");
  const { id } = await bed.millrace.submit("quick", 1);
  const answers = await Promise.all(Array.from({ length: 100 }, () => client.result(id)));
  expect(new Set(answers.map(({ value }) => value))).toEqual(new Set([1]));
  expect(client.child.log).toBe("");
});

test("the id of a run that was never submitted is told apart from one that waits", async () => {
  const bed = await beds.open();
  const run = bed.millrace.attach("gated:nobody");
  const missing = { code: "RUN_NOT_FOUND", runId: "gated:nobody" };
  await expect(run.result({ timeout: "60s" })).rejects.toMatchObject(missing);
  await expect(run.state()).rejects.toMatchObject(missing);
  await expect(run.details()).rejects.toMatchObject(missing);
  await expect(run.resume()).rejects.toMatchObject(missing);
});

test("an abort ends a wait, and the run goes on", async () => {
  const bed = await beds.open();
  const run = await bed.millrace.submit("quick", "still here");
  const abort = new AbortController();
  const waiting = run.result({ signal: abort.signal });
  const reason = new Error("enough");
  abort.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await bed.worker("gated");
  expect(await run.result({ timeout: "60s" })).toBe("still here");
});

/** A client to which no hint and no live message ever comes. */
async function hardOfHearing(bed: TestBed, clock: Clock): Promise<Millrace> {
  const broker = await connectBroker({ servers: bed.servers, namespace: bed.namespace });
  onTestFinished(() => broker.close());
  const { log } = broker;
  const deafLog = new Proxy(log, {
    get(target, name: keyof typeof log) {
      if (name === "follow") return async () => () => undefined;
      const value = target[name];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const hints: Broker["hints"] = {
    expect: () => broker.hints.expect(() => undefined),
    send: () => undefined,
    onReconnect: () => () => undefined,
  };
  return new Millrace({ ...broker, log: deafLog, hints }, clock);
}

/** A clock on which waits are over so many times sooner. */
function hurried(times: number): Clock {
  return { now: () => Date.now(), after: (ms, call) => systemClock.after(ms / times, call) };
}
