/** What is told of runs: each change of a status once, in order, whoever publishes it. */
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import type { AutomationPart } from "../../src/automation/automation-host.ts";
import {
  PUBLISHER_LIMITS,
  type PublisherLimits,
} from "../../src/automation/events/publisher-limits.ts";
import { startRunEvents } from "../../src/automation/events/start-run-events.ts";
import type { CloudEvent, RunEventData } from "../../src/engine/cloud-event.ts";
import { type AnyDefinition, flow, Millrace, serve, signal, task } from "../../src/index.ts";
import type { Broker } from "../../src/ports/broker.ts";
import { systemClock } from "../../src/ports/clock.ts";
import type { MessageBus, ScanOptions } from "../../src/ports/message-bus.ts";
import { eventually, onEveryAdapter } from "./support/on-every-adapter.ts";
import { toldEvents, toldStatuses, trueStatuses } from "./support/told-events.ts";

const FAST: PublisherLimits = {
  ...PUBLISHER_LIMITS,
  leaseMs: 1_000,
  markMs: 20,
  settingsMs: 20,
  retryMs: 50,
};
const silent = pino({ level: "silent" });
const go = signal<string>("go");

const wait = flow("wait", async (ctx) => ctx.receive(go));
const fail = flow("fail", async (ctx) => {
  ctx.tag("doomed");
  await ctx.step("work", () => {
    throw Object.assign(new Error("no more"), { code: "SOLD_OUT" });
  });
});
const steps = flow("steps", async (ctx) => {
  await ctx.step("one", () => 1);
  await ctx.step("two", () => 2);
});
const quick = flow("quick", async (_, input: number) => input);
const retried = task(
  "retried",
  { retry: { attempts: 2, delays: ["10ms"] } },
  async (_: undefined, { attempt }) => {
    if (attempt === 1) throw new Error("once more");
  },
);

onEveryAdapter("the events of runs", (open) => {
  async function stage(serves: readonly AnyDefinition[]) {
    const { connect } = open();
    const worker = await serve(serves, {
      connection: new Millrace(await connect()),
      automation: false,
      suspendAfter: "10ms",
      log: silent,
    });
    onTestFinished(() => worker.drain());
    const broker = await connect();
    let publishers = 0;
    const publisher = async (on?: Broker): Promise<AutomationPart> => {
      const part = await startRunEvents(
        {
          millrace: new Millrace(on ?? (await connect())),
          clock: systemClock,
          log: silent,
          worker: `w${publishers++}`,
          definitions: new Map(),
          triggers: [],
          schedules: [],
        },
        FAST,
      );
      onTestFinished(() => part.stop());
      return part;
    };
    const runEvents = async (id: string): Promise<readonly CloudEvent<RunEventData>[]> => {
      const events = (await toldEvents(broker)) as readonly CloudEvent<RunEventData>[];
      return events.filter(({ subject }) => subject === id);
    };
    const inFull = async (id: string): Promise<readonly string[]> => {
      const expected = await trueStatuses(broker, id);
      await eventually(async () => expect(await toldStatuses(broker, id)).toEqual(expected));
      return expected;
    };
    return { connect, broker, client: new Millrace(broker), publisher, runEvents, inFull };
  }

  test("a fork is told of by its submission, whole, and then as any run", async () => {
    const { broker, client, publisher } = await stage([steps]);
    await publisher();
    const run = await client.submit(steps, undefined, { tags: ["job:1"] });
    await run.result();
    const fork = await run.fork({ from: "two" });
    await fork.result();
    await eventually(async () => {
      expect(await toldStatuses(broker, fork.id)).toEqual(await trueStatuses(broker, fork.id));
    });
    const events = (await toldEvents(broker)) as readonly CloudEvent<RunEventData>[];
    const [pending] = events.filter(({ subject }) => subject === fork.id);
    expect(pending?.data).toMatchObject({ status: "pending", tags: ["job:1"], root: fork.id });
  });

  test("are told once for each status that a run enters, in its order", async () => {
    const { client, broker, publisher, runEvents, inFull } = await stage([wait]);
    await publisher();
    const run = await client.submit(wait, undefined, {
      key: "k",
      tags: ["job:7"],
      metadata: { who: "ann" },
    });
    await eventually(async () => expect(await toldStatuses(broker, run.id)).toContain("suspended"));
    await run.signal(go, "now");
    await run.result();
    const statuses = await inFull(run.id);
    expect(statuses[0]).toBe("pending");
    expect(statuses).toContain("suspended");
    expect(statuses.at(-1)).toBe("completed");
    const events = await runEvents(run.id);
    expect(events[0]).toMatchObject({
      specversion: "1.0",
      source: `/millrace/${client.namespace}`,
      type: "millrace.run.pending",
      dataschema: "urn:millrace:run-event:1",
      data: { run: "wait:k", flow: "wait", key: "k", queue: "wait", epoch: 0, root: "wait:k" },
    });
    expect(events[0]?.data).not.toHaveProperty("previous");
    for (const [at, { data, id }] of events.entries()) {
      expect(data).toMatchObject({ tags: ["job:7"], metadata: { who: "ann" } });
      expect(data.previous).toBe(events[at - 1]?.data.status);
      expect(id).toMatch(/^0-\d+$/);
    }
    const suspended = events.find(({ data }) => data.status === "suspended");
    expect(suspended?.data.reason).toContain("go");
  });

  test("say why a run failed, with the tags that it had added", async () => {
    const { client, publisher, runEvents, inFull } = await stage([fail]);
    await publisher();
    const run = await client.submit(fail);
    await expect(run.result()).rejects.toMatchObject({ code: "RUN_FAILED" });
    await inFull(run.id);
    expect((await runEvents(run.id)).at(-1)).toMatchObject({
      type: "millrace.run.failed",
      data: {
        tags: ["doomed"],
        error: { name: "Error", message: "no more", code: "SOLD_OUT" },
        reason: "step work#1",
      },
    });
  });

  test("are told of what happened before anybody published in a new namespace", async () => {
    const { client, publisher, inFull } = await stage([quick, retried]);
    const runs = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        at % 2 === 0 ? client.submit(quick, at) : client.submit(retried),
      ),
    );
    await Promise.all(runs.map((run) => run.result()));
    await publisher();
    for (const run of runs) expect(await inFull(run.id)).toContain("completed");
  });

  test("stand in the stream once when two believe that they are to publish", async () => {
    const { client, broker, publisher, inFull, connect } = await stage([quick]);
    await publisher();
    const greedy = await connect();
    // It is told that it has the lease, whatever is stored.
    const { control } = greedy;
    const believing: Broker = {
      ...portsOf(greedy),
      control: {
        read: async (key) => (key.startsWith("lease.") ? undefined : control.read(key)),
        write: async (key, data, expected, options) =>
          key.startsWith("lease.")
            ? { status: "written", sequence: 1 }
            : control.write(key, data, expected, options),
        list: (prefix) => control.list(prefix),
        watch: (...args) => control.watch(...args),
      },
    };
    await publisher(believing);
    const runs = await Promise.all(Array.from({ length: 50 }, (_, at) => client.submit(quick, at)));
    await Promise.all(runs.map((run) => run.result()));
    for (const run of runs) await inFull(run.id);
    const ids = (await toldEvents(broker)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("are taken on by another worker where the one before had stopped", async () => {
    const { client, broker, publisher, inFull } = await stage([quick]);
    const first = await publisher();
    const before = await client.submit(quick, 1);
    await before.result();
    await inFull(before.id);
    await first.stop();
    const meanwhile = await client.submit(quick, 2);
    await meanwhile.result();
    await publisher();
    await inFull(meanwhile.id);
    await inFull(before.id);
    expect(new Set((await toldEvents(broker)).map(({ id }) => id)).size).toBe(
      (await toldEvents(broker)).length,
    );
  });

  test("of some statuses only are told when the settings say so, and none of what happens while they are off", async () => {
    const { client, broker, publisher } = await stage([quick]);
    await client.events.configure({ statuses: ["completed"] });
    await publisher();
    const only = await client.submit(quick, 1);
    await only.result();
    await eventually(async () =>
      expect(await toldStatuses(broker, only.id)).toEqual(["completed"]),
    );
    await client.events.configure({ statuses: [] });
    await eventually(async () => {
      const probe = await client.submit(quick, 2);
      await probe.result();
      const mark = await broker.control.read("events-mark.0");
      expect(JSON.parse(new TextDecoder().decode(mark?.data))).toMatchObject({ isOff: true });
    });
    const unseen = await client.submit(quick, 3);
    await unseen.result();
    await client.events.configure({ statuses: ["pending", "completed"] });
    await eventually(async () => {
      const later = await client.submit(quick, 4);
      await later.result();
      expect(await toldStatuses(broker, later.id)).toEqual(["pending", "completed"]);
    });
    expect(await toldStatuses(broker, unseen.id)).toEqual([]);
  });

  test("of a run whose metadata fill a whole message do not stand in the way of others", async () => {
    const { client, publisher, inFull, runEvents, broker } = await stage([quick]);
    await publisher();
    // Twice as long as JSON.
    const much = '"'.repeat(Math.floor(broker.log.maxMessageBytes * 0.7));
    const large = await client.submit(quick, 1, {
      metadata: { much, who: "ann" },
      tags: ["job:7"],
    });
    await large.result();
    const other = await client.submit(quick, 2);
    await other.result();
    await inFull(other.id);
    await inFull(large.id);
    for (const { data } of await runEvents(large.id)) {
      expect(data.tags).toEqual(["job:7"]);
      expect(data.metadata).toEqual({ who: "ann" });
    }
  });

  test("are taken on although there is much to look through, and more by others than by its own partition", async () => {
    const { client, broker, publisher, inFull, connect } = await stage([quick]);
    const before = await client.submit(quick, 1);
    await before.result();
    const first = await publisher();
    await inFull(before.id);
    await first.stop();
    for (let at = 0; at < 3; at++) {
      const subject = `millrace.${client.namespace}.events.run.completed.quick`;
      await broker.bus.publish({ subject, data: new Uint8Array() });
    }
    const meanwhile = await client.submit(quick, 2);
    await meanwhile.result();
    const slow = portsOf(await connect());
    const { bus } = slow;
    const scanned = {
      scan: async function* (stream: string, options: ScanOptions) {
        for await (const batch of bus.scan(stream, { ...options, maxBatch: 1 })) {
          await new Promise((resolve) => setTimeout(resolve, FAST.leaseMs * 0.6));
          yield batch;
        }
      },
    };
    await publisher({ ...slow, bus: Object.setPrototypeOf(scanned, new Proxy(bus, BOUND)) });
    expect(await inFull(meanwhile.id)).toContain("completed");
  });

  test("are read by type, from a place on, and as they come", async () => {
    const { client, publisher } = await stage([quick]);
    await publisher();
    const done = await client.submit(quick, 1);
    await done.result();
    await client.emit("order.created", { id: 7 }, { id: "7", subject: "order-7" });
    const again = await client.emit("order.created", { id: 7 }, { id: "7", subject: "order-7" });
    expect(again.isNew).toBe(false);
    await client.emit("order.paid.late");
    const types = async (filter?: readonly string[]): Promise<readonly string[]> => {
      const found: string[] = [];
      const options = filter === undefined ? {} : { types: filter };
      for await (const { event } of client.events.tail(options)) found.push(event.type);
      return found.toSorted();
    };
    await eventually(async () =>
      expect(await types(["millrace.run.*"])).toEqual([
        "millrace.run.completed",
        "millrace.run.pending",
      ]),
    );
    expect(await types(["order.*"])).toEqual(["order.created"]);
    expect(await types(["order.>"])).toEqual(["order.created", "order.paid.late"]);
    expect(await types(["millrace.>"])).toHaveLength(2);
    expect(await types()).toHaveLength(4);
    await expect(types(["no such type!"])).rejects.toMatchObject({ code: "INVALID_OPTION" });

    const coming = client.events.tail({ types: ["order.>"], follow: true });
    onTestFinished(async () => void (await coming.return(undefined)));
    const next = coming.next();
    await eventually(async () => {
      await client.emit("order.shipped");
      const got = await Promise.race([next, new Promise((resolve) => setTimeout(resolve, 300))]);
      expect(got).toMatchObject({ value: { event: { type: "order.shipped" } } });
    });
  });

  test("nothing is told of what happened to an imported run elsewhere, and all of what happens to it here", async () => {
    const { broker: there } = await stage([fail]);
    const origin = new Millrace(there);
    const failed = await origin.submit(fail, undefined, { key: "f1" });
    await expect(failed.result()).rejects.toMatchObject({ code: "RUN_FAILED" });
    const waiting = await origin.submit("nobody", 1, { key: "n1" });
    const bundles = [await origin.export(failed.id), await origin.export(waiting.id)];

    const { broker, publisher, runEvents } = await stage([quick]);
    await publisher();
    const here = new Millrace(broker);
    for (const bundle of bundles) await here.import(bundle);
    await here.attach(waiting.id).cancel();
    const after = await here.submit(quick, 1, { key: "q1" });
    await eventually(async () =>
      expect((await runEvents(after.id)).at(-1)?.type).toBe("millrace.run.completed"),
    );
    expect(await runEvents(failed.id)).toEqual([]);
    const told = await runEvents(waiting.id);
    expect(told.map(({ type }) => type)).toEqual(["millrace.run.cancelled"]);
  });
});

/** The ports of a connection, so that one of them can be another. */
function portsOf(broker: Broker): Broker {
  const { log, queues, peers, hints, blobs, control, feed, questions, bus, closed } = broker;
  const close = (): Promise<void> => broker.close();
  return { log, queues, peers, hints, blobs, control, feed, questions, bus, closed, close };
}

/** Methods that know whose they are, whatever object they are called on. */
const BOUND: ProxyHandler<MessageBus> = {
  get: (bus, name) => {
    const found: unknown = Reflect.get(bus, name);
    return typeof found === "function" ? found.bind(bus) : found;
  },
};
