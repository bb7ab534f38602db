/** What is shown of a run in detail: as it is, as it was at any event, and with its family. On the in-memory broker. */
import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import {
  type AnyDefinition,
  type CommandDetails,
  flow,
  Millrace,
  type RecordedEvent,
  type RunTree,
  serve,
  signal,
  task,
} from "../../src/index.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";

const go = signal("go");
const charge = task(
  "charge",
  { retry: { attempts: 3, delays: ["1ms"] } },
  (order: string, info) => {
    if (info.attempt === 1) throw new Error("declined", { cause: new Error("card expired") });
    return order;
  },
);
const ship = flow("ship", async (ctx, order: string) => {
  const label = await ctx.step("print a/b", () => order);
  return label;
});
const pay = flow("pay", async (ctx, order: string) => {
  await ctx.run(charge, order);
  await ctx.run(ship, order);
  return order;
});
const checkout = flow("checkout", async (ctx, order: string) => {
  ctx.attributes({});
  await ctx.run(pay, order);
  await ctx.sleep("1ms");
  const child = await ctx.submit(ship, order);
  await child.result();
  await ctx.receive(go);
  throw new Error("out of stock", { cause: new Error("no more pallets") });
});

function client(broker: MemoryBroker): Millrace {
  const millrace = new Millrace(broker.connect());
  onTestFinished(() => millrace.close());
  return millrace;
}

async function hire(broker: MemoryBroker, definitions: readonly AnyDefinition[]): Promise<void> {
  const connection = client(broker);
  const log = pino({ level: "silent" });
  const worker = await serve(definitions, { connection, log, suspendAfter: 0 });
  onTestFinished(() => worker.drain());
}

async function failedCheckout(): Promise<{ millrace: Millrace; id: string }> {
  const broker = new MemoryBroker();
  await hire(broker, [checkout, ship]);
  const millrace = client(broker);
  const run = await millrace.submit(checkout, "order-42", { key: "a" });
  const view = () => run.state();
  await expect.poll(async () => (await view()).waitingFor).toEqual(["signal go"]);
  await run.signal(go);
  await expect(run.result()).rejects.toMatchObject({ code: "RUN_FAILED" });
  return { millrace, id: run.id };
}

test("a run's commands are a tree: a flow inside a flow, a step with a slash in its name, a child, a timer", async () => {
  const { millrace, id } = await failedCheckout();
  const { commands, children } = await millrace.attach(id).details();
  expect(outline(commands)).toEqual([
    "flow pay#1",
    "  step charge#1 completed after 2",
    "  flow ship#1",
    "    step print a/b#1 completed after 1",
    "timer sleep#1",
    `child ship#1 is ${children[0]?.runId}`,
  ]);
  const [inner] = commands;
  expect(inner).toMatchObject({ id: "pay#1", to: expect.any(Date) });
  expect(inner?.kind === "flow" && inner.commands[1]?.id).toBe("pay#1/ship#1");
});

test("a run shows when it waited and what for, how long it was queued, and an error with its causes", async () => {
  const { millrace, id } = await failedCheckout();
  const { waits, timeline, queueDelayMs, error, children, startedAt, submittedAt } = await millrace
    .attach(id)
    .details();
  expect(waits.at(-1)).toMatchObject({ waitsFor: ["signal go"], to: expect.any(Date) });
  expect(queueDelayMs).toBe(Math.max(0, Number(startedAt) - Number(submittedAt)));
  expect(error).toMatchObject({ message: "out of stock", cause: { message: "no more pallets" } });
  expect(children).toMatchObject([{ closed: true, closedAt: expect.any(Date) }]);
  const kinds = new Set(timeline.map(({ kind }) => kind));
  expect([...kinds].toSorted()).toEqual([
    "activation",
    "attempt",
    "child",
    "queued",
    "timer",
    "waiting",
  ]);
  expect(timeline.filter(({ kind }) => kind === "attempt")).toMatchObject([
    { step: "pay#1/charge#1", attempt: 1, outcome: "failed" },
    { step: "pay#1/charge#1", attempt: 2, outcome: "completed" },
    { step: "pay#1/ship#1/print a/b#1", attempt: 1, outcome: "completed" },
  ]);
  const begins = timeline.map(({ from }) => from.getTime());
  expect(begins).toEqual(begins.toSorted((one, other) => one - other));
  expect(timeline.every(({ to }) => to !== undefined)).toBe(true);
});

test("at each of its events a run is shown as it was, whatever came after", async () => {
  const { millrace, id } = await failedCheckout();
  const run = millrace.attach(id);
  const events: RecordedEvent[] = [];
  for await (const event of run.events()) events.push(event);
  expect(events.length).toBeGreaterThan(10);
  expect(events.map(({ number }) => number)).toEqual(events.map((_, at) => at + 1));
  for (const { number, sequence, index } of events) {
    const shown = await run.details({ at: { event: number } });
    expect(shown.lastEvent).toEqual({ event: number, sequence, inFrame: index });
    expect(shown.frames.flatMap((frame) => frame.events)).toHaveLength(number);
    const before = events.slice(0, number);
    const steps = new Set(
      before.flatMap((event) => ("step" in event && event.step !== "" ? [event.step] : [])),
    );
    expect(new Set(shown.steps.map(({ id: step }) => step))).toEqual(steps);
    expect(shown.closedAt !== undefined).toBe(number === events.length);
  }
  for (const at of ["0", "seq:0"])
    expect(await run.details({ at })).toMatchObject({
      status: "pending",
      sequence: 0,
      steps: [],
      waitingFor: [],
      queueDelayMs: undefined,
      timeline: [{ kind: "queued", to: undefined }],
    });
  const sequence = events[0]?.sequence ?? 0;
  expect((await run.details({ at: { sequence } })).sequence).toBe(sequence);
  expect((await run.details({ at: { sequence: Number.MAX_SAFE_INTEGER } })).status).toBe("failed");
  await expect(run.details({ at: "seq:-1" })).rejects.toMatchObject({ code: "INVALID_OPTION" });
  await expect(run.details({ at: "99999" })).rejects.toMatchObject({ code: "EVENT_NOT_FOUND" });
});

test("what a run waits for is known at any of its events, also while a worker holds it", async () => {
  const { millrace, id } = await failedCheckout();
  const run = millrace.attach(id);
  const waits: string[] = [];
  for await (const event of run.events()) {
    const { status, waitingFor } = await run.details({ at: { event: event.number } });
    waits.push(`${event.type}: ${status}: ${waitingFor.join(", ")}`);
  }
  expect(waits).toContainEqual(expect.stringMatching(/^TimerSet: running: sleep#1 until /));
  expect(waits).toContainEqual(expect.stringMatching(/^ChildSubmitted: running: run ship:/));
  expect(waits).toContain("Suspended: suspended: signal go");
  const last = await run.details();
  expect(last.waitingFor).toEqual([]);
});

test("events that are read from a place on have the numbers that they have in the run", async () => {
  const { millrace, id } = await failedCheckout();
  const run = millrace.attach(id);
  const all: RecordedEvent[] = [];
  for await (const event of run.events()) all.push(event);
  // Any sequence is a place to go on from, also one at which the run has no frame.
  const last = all.at(-1)?.sequence ?? 0;
  for (let from = 0; from < last; from++) {
    for (const follow of [false, true]) {
      const rest: RecordedEvent[] = [];
      for await (const event of run.events({ from, follow })) rest.push(event);
      expect(rest).toEqual(all.filter(({ sequence }) => sequence > from));
    }
  }
});

test("whoever follows a run from a frame on is not sent the frames before it again", async () => {
  const broker = new MemoryBroker();
  await hire(broker, [checkout, ship]);
  const connection = broker.connect();
  const millrace = new Millrace(connection);
  onTestFinished(() => millrace.close());
  const run = await millrace.submit(checkout, "order-42");
  await run.signal(go);
  await run.result().catch(() => undefined);
  const all: RecordedEvent[] = [];
  for await (const event of run.events()) all.push(event);
  const from = all[5]?.sequence ?? 0;
  const history = vi.spyOn(connection.log, "history");
  for await (const event of run.events({ from, follow: true }))
    expect(event.sequence).toBeGreaterThan(from);
  const firsts = history.mock.calls.map(([, , first]) => first);
  expect(firsts).toContain(from + 1);
  // Once all of it is read, to know the events' numbers.
  expect(firsts.filter((first) => first === undefined)).toHaveLength(1);
});

test("a run that starts late was queued from its start on, not from its submission", async () => {
  const broker = new MemoryBroker();
  const quick = flow("quick", () => 1);
  await hire(broker, [quick]);
  const at = new Date(Date.now() + 1_500);
  const run = await client(broker).submit(quick, undefined, { at });
  await run.result();
  const { queueDelayMs, timeline } = await run.details();
  const queued = timeline.find(({ kind }) => kind === "queued");
  expect(queued?.from).toEqual(at);
  expect(queueDelayMs).toBe(Number(queued?.to) - Number(at));
});

test("ten thousand steps are shown without taking long", async () => {
  const broker = new MemoryBroker();
  const many = flow("many", async (ctx) => {
    for (let batch = 0; batch < 10; batch++) {
      await ctx.all(
        Array.from({ length: 1_000 }, (_, n) => n),
        (n) => ctx.step(`s${n % 7}`, () => n),
      );
    }
  });
  await hire(broker, [many]);
  const run = await client(broker).submit(many);
  await run.result();
  const began = performance.now();
  const { steps, commands, timeline } = await run.details();
  // Generous: what grows with the square of the steps takes far longer.
  expect(performance.now() - began).toBeLessThan(20_000);
  expect([steps.length, commands.length]).toEqual([10_000, 10_000]);
  expect(timeline.length).toBeGreaterThan(10_000);
});

const family = flow("family", async (ctx, depth: number): Promise<number> => {
  if (depth === 0) return 0;
  const children = await ctx.all([1, 2, 3], () => ctx.submit("family", depth - 1));
  await ctx.all(children, (child) => child.result());
  return depth;
});

test("a family is shown generation by generation, as deep and as many as is asked for", async () => {
  const broker = new MemoryBroker();
  await hire(broker, [family]);
  const run = await client(broker).submit(family, 2);
  await run.result();

  const whole = await run.tree();
  expect(sizes(whole)).toEqual({ shown: 13, more: 0 });
  expect(whole).toMatchObject({ id: run.id, command: "", status: "completed" });
  expect(whole.children.map(({ command }) => command)).toEqual([
    "family#1",
    "family#2",
    "family#3",
  ]);

  expect(sizes(await run.tree({ depth: 1 }))).toEqual({ shown: 4, more: 9 });
  expect(sizes(await run.tree({ depth: 0 }))).toEqual({ shown: 1, more: 3 });
  // The nearer generation goes first.
  const part = await run.tree({ limit: 5 });
  expect(sizes(part)).toEqual({ shown: 5, more: 8 });
  expect(part.children.map(({ children, more }) => [children.length, more])).toEqual([
    [1, 2],
    [0, 3],
    [0, 3],
  ]);
});

test("a run that attaches its children again, or that nobody submitted, makes no endless tree", async () => {
  const broker = new MemoryBroker();
  const twice = flow("twice", async (ctx) => {
    await ctx.submit("family", 0, { key: "x" });
    await ctx.submit("family", 0, { key: "x" });
  });
  await hire(broker, [twice, family]);
  const millrace = client(broker);
  const run = await millrace.submit(twice);
  await run.result();
  await millrace.attach("family:x").result();
  expect(sizes(await run.tree())).toEqual({ shown: 2, more: 0 });
  await expect(millrace.attach("family:nobody").tree()).rejects.toMatchObject({
    code: "RUN_NOT_FOUND",
  });
  await expect(run.tree({ depth: 33 })).rejects.toMatchObject({ code: "INVALID_OPTION" });
  await expect(run.tree({ limit: 0 })).rejects.toMatchObject({ code: "INVALID_OPTION" });
});

function sizes({ children, more }: RunTree): { shown: number; more: number } {
  const below = children.map(sizes);
  return {
    shown: 1 + below.reduce((sum, { shown }) => sum + shown, 0),
    more: more + below.reduce((sum, one) => sum + one.more, 0),
  };
}

function outline(commands: readonly CommandDetails[], indent = ""): readonly string[] {
  return commands.flatMap((command) => {
    const line = `${indent}${command.kind} ${command.label}`;
    if (command.kind === "step") return [`${line} ${command.status} after ${command.attempts}`];
    if (command.kind === "child") return [`${line} is ${command.runId}`];
    return command.kind === "flow" ? [line, ...outline(command.commands, `${indent}  `)] : [line];
  });
}
