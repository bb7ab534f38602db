import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import type { OnDue } from "../../src/automation/ingress/due-message.ts";
import { startIngress } from "../../src/automation/ingress/start-ingress.ts";
import { Millrace } from "../../src/client/millrace.ts";
import type { AnyDefinition } from "../../src/definition/definition.ts";
import { flow } from "../../src/definition/flow.ts";
import { signal } from "../../src/definition/signal.ts";
import { type Clock, systemClock } from "../../src/ports/clock.ts";
import type { Published } from "../../src/ports/message-bus.ts";
import { encodeDeadLetter } from "../../src/wire/dead-letter-codec.ts";
import { messages } from "../../src/wire/messages.ts";
import { serve } from "../../src/worker/serve.ts";
import type { World } from "../contract/support/adapters.ts";
import { eventually, onEveryAdapter } from "../contract/support/on-every-adapter.ts";

const paid = signal<string>("paid");
const order = flow("order", { input: z.object({ id: z.number() }) }, async (_, { id }) => id);
const waiting = flow("waiting", async (ctx) => [await ctx.receive(paid), await ctx.receive(paid)]);
const named = flow(
  "named",
  { input: z.object({ id: z.string() }), key: ({ id }) => id },
  async (_, { id }) => id,
);
const ALL: readonly AnyDefinition[] = [order, waiting, named];
const silent = pino({ level: "silent" });

interface Place {
  readonly millrace: Millrace;
  /** Publishes as anybody may: `what` follows the namespace. */
  publish(
    what: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Published>;
  /** Begins to take in what was published. */
  ingress(options?: {
    readonly definitions?: readonly AnyDefinition[];
    readonly onDue?: OnDue;
    readonly graceMs?: number;
    readonly worker?: string;
  }): Promise<{ stop(): Promise<void> }>;
  /** Executes the runs. */
  serve(): Promise<void>;
  /** Resolves when nothing stands in the ingress but dead letters. */
  taken(): Promise<void>;
}

async function openPlace({ connect }: World, clock: Clock = systemClock): Promise<Place> {
  const broker = await connect();
  const millrace = new Millrace(broker, clock);
  const { bus } = broker;
  return {
    millrace,
    publish: async (what, body = "", headers = {}) => {
      const data =
        body instanceof Uint8Array
          ? body
          : new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
      const subject = `millrace.${millrace.namespace}.${what}`;
      const { "Nats-Msg-Id": id, ...rest } = headers;
      return bus.publish({ subject, data, headers: rest, ...(id === undefined ? {} : { id }) });
    },
    ingress: async ({ definitions = ALL, onDue, graceMs, worker = "w1" } = {}) => {
      const host = {
        millrace,
        clock,
        log: silent,
        worker,
        definitions: new Map(definitions.map((definition) => [definition.name, definition])),
        triggers: [],
        schedules: [],
      };
      const part = await startIngress(host, {
        onDue: onDue ?? (({ delivery }) => delivery.ack()),
        ...(graceMs === undefined ? {} : { graceMs }),
      });
      onTestFinished(() => part.stop());
      return part;
    },
    serve: async () => {
      const worker = await serve(ALL, { connection: millrace, log: silent });
      onTestFinished(() => worker.drain());
    },
    taken: () =>
      eventually(async () => {
        const { published } = bus.streams;
        const subjects = await bus.subjects(published, `millrace.${millrace.namespace}.>`);
        expect([...subjects.keys()]).toEqual([]);
      }),
  };
}

async function reasons({ millrace }: Place): Promise<readonly string[]> {
  return (await millrace.deadLetters.list()).letters.map(({ reason }) => reason);
}

onEveryAdapter("the ingress", (open) => {
  test("a message becomes a run whose id follows from what the broker acked", async () => {
    const place = await openPlace(open());
    const { sequence } = await place.publish("submit.order", { id: 1 });
    await place.serve();
    await place.ingress();
    await place.taken();
    const run = place.millrace.attach(`order:ingress-${sequence}`);
    expect(await run.result({ timeout: "60s" })).toBe(1);
  });

  test("two messages with one key are one run, by whatever says the key", async () => {
    const place = await openPlace(open());
    await place.serve();
    await place.ingress();
    await place.publish("submit.order", { id: 1 }, { "Millrace-Key": "k" });
    await place.publish("submit.order", { id: 2 }, { "Millrace-Key": "k" });
    await place.publish("submit.order", { id: 3 }, { "Nats-Msg-Id": "m" });
    await place.publish("submit.named", { id: "eu/7" });
    await place.taken();
    expect(await place.millrace.attach("order:k").result({ timeout: "60s" })).toBe(1);
    expect(await place.millrace.attach("order:m").result({ timeout: "60s" })).toBe(3);
    expect(await place.millrace.attach("named:eu/7").result({ timeout: "60s" })).toBe("eu/7");
    expect(await reasons(place)).toEqual([]);
  });

  test("a message that is handed out again after its run was stored does nothing more", async () => {
    const place = await openPlace(open());
    const { sequence } = await place.publish("submit.order", { id: 1 });
    const { sequence: signalled } = await place.publish("signal.waiting.k.paid", '"one"');
    await place.millrace.submit(waiting, undefined, { key: "k" });
    // What a worker did that died before it acked.
    await place.millrace.submit(order, { id: 1 }, { key: `ingress-${sequence}` });
    const first = await place.ingress();
    await place.taken();
    await first.stop();
    await place.publish("signal.waiting.k.paid", '"one"', { "Millrace-Replay": String(signalled) });
    await place.publish("signal.waiting.k.paid", '"two"', { "Nats-Msg-Id": "s2" });
    await place.ingress();
    await place.taken();
    await place.serve();
    const run = place.millrace.attach("waiting:k");
    expect(await run.result({ timeout: "60s" })).toEqual(["one", "two"]);
    // Its run has ended, and has it.
    await place.publish("signal.waiting.k.paid", '"one"', { "Millrace-Replay": String(signalled) });
    await place.taken();
    expect(await reasons(place)).toEqual([]);
    await place.publish("signal.waiting.k.paid", '"three"');
    await place.taken();
    expect(await reasons(place)).toEqual([expect.stringContaining("Run waiting:k is completed")]);
  });

  test("messages about one run are carried out in their order", async () => {
    const place = await openPlace(open());
    const key = { "Millrace-Key": "k" };
    await place.publish("submit.waiting", "", key);
    await place.publish("signal.waiting.k.paid", '"one"');
    await place.publish("signal.waiting.k.paid", '"two"');
    await place.ingress();
    await place.serve();
    await place.taken();
    const received = await place.millrace.attach("waiting:k").result({ timeout: "60s" });
    expect(received).toEqual(["one", "two"]);
  });

  test("a cancellation ends its run with its reason, and one of an ended run is nothing", async () => {
    const place = await openPlace(open());
    await place.millrace.submit(waiting, undefined, { key: "eu/1" });
    await place.ingress();
    await place.publish("cancel.waiting.any", "sold out", { "Millrace-Key": "eu/1" });
    await place.taken();
    await expect(
      place.millrace.attach("waiting:eu/1").result({ timeout: "60s" }),
    ).rejects.toMatchObject({ code: "RUN_CANCELLED", reason: "sold out" });
    await place.publish("cancel.waiting.any", "again", { "Millrace-Key": "eu/1" });
    await place.taken();
    expect(await reasons(place)).toEqual([]);
  });

  test("what can never be done is set aside with its reason, and holds up nothing", async () => {
    const place = await openPlace(open());
    await place.publish("submit.order", "{");
    await place.publish("submit.order", { id: "one" });
    await place.publish("submit.order", { id: 1 }, { "Millrace-Color": "red" });
    await place.publish("signal.order.k", "1");
    const { sequence } = await place.publish("submit.order", { id: 1 });
    await place.serve();
    await place.ingress();
    const run = place.millrace.attach(`order:ingress-${sequence}`);
    await eventually(async () => expect((await run.state()).closed).toBe(true));
    await place.taken();
    // Each is looked at for itself, and in no order.
    const found = await reasons(place);
    expect(found).toHaveLength(4);
    for (const reason of [
      "nothing of Millrace stands on its subject",
      "header Millrace-Color is not known",
      "flow order does not match its schema: id: Invalid input",
      "its body is not JSON",
    ]) {
      expect(found).toContainEqual(expect.stringContaining(reason));
    }
  });

  test("a signal waits for a run that is about to be submitted", async () => {
    const place = await openPlace(open());
    await place.ingress();
    await place.serve();
    await place.publish("signal.waiting.k.paid", '"one"');
    await place.publish("signal.waiting.k.paid", '"two"');
    await place.millrace.submit(waiting, undefined, { key: "k" });
    await place.taken();
    const received = await place.millrace.attach("waiting:k").result({ timeout: "60s" });
    expect(received).toHaveLength(2);
    expect(new Set(received as string[])).toEqual(new Set(["one", "two"]));
  });

  test("a signal and a cancellation for a run that never comes are set aside after a while", async () => {
    // The broker's clock is far behind: it is counted how often they came, too.
    const ahead = { ...systemClock, now: () => systemClock.now() + 3_600_000 };
    const place = await openPlace(open(), ahead);
    await place.ingress();
    await place.publish("signal.waiting.k.paid", '"one"');
    await place.publish("cancel.waiting.k", "why");
    await place.taken();
    const found = await reasons(place);
    expect(found).toHaveLength(2);
    for (const reason of found) expect(reason).toContain("There is no run waiting:k");
  });

  test("a dead letter is corrected, published again, and becomes the run that was promised", async () => {
    const place = await openPlace(open());
    const headers = { "Millrace-Tags": "a,b", "Millrace-Color": "red" };
    const { sequence } = await place.publish("submit.order", { id: "one" }, headers);
    await place.ingress();
    await place.serve();
    await place.taken();
    const id = `ingress/${sequence}`;
    const { deadLetters } = place.millrace;
    expect(await deadLetters.show(id)).toMatchObject({
      id,
      sequence,
      partition: undefined,
      subject: `millrace.${place.millrace.namespace}.submit.order`,
      state: "open",
      message: {
        kind: "submit",
        runId: `order:ingress-${sequence}`,
        bytes: 12,
        content: {
          headers: { "millrace-tags": ["a,b"], "millrace-color": ["red"] },
          body: { id: "one" },
        },
      },
    });
    // Half corrected, it is set aside again under the sequence that it has now, and still keeps its id.
    expect(await deadLetters.replay(id, { body: { id: 1 } })).toMatchObject({ state: "replayed" });
    const again = await eventually(async () => {
      const [letter] = (await deadLetters.list()).letters;
      expect(letter?.reason).toBe("header Millrace-Color is not known");
      return letter?.id ?? "";
    });
    expect((await deadLetters.show(again)).message?.runId).toBe(`order:ingress-${sequence}`);
    await deadLetters.replay(again, { headers: { "Millrace-Color": "" } });
    await place.taken();
    const run = place.millrace.attach(`order:ingress-${sequence}`);
    expect(await run.result({ timeout: "60s" })).toBe(1);
    expect((await run.details()).tags).toEqual(["a", "b"]);
    expect((await deadLetters.list()).letters).toEqual([]);
    expect((await deadLetters.list({ resolved: true })).letters).toHaveLength(2);
    await expect(deadLetters.replay(id)).rejects.toThrow("it was replayed at");
    await expect(deadLetters.show("ingress/999999")).rejects.toMatchObject({
      code: "DEAD_LETTER_NOT_FOUND",
    });
  });

  test("dead letters of log and ingress are listed together by pages, the newest first", async () => {
    const world = open();
    let now = 1_000_000;
    const place = await openPlace(world, { ...systemClock, now: () => now });
    const { broker, deadLetters } = place.millrace;
    await place.ingress();
    const ids: string[] = [];
    for (let at = 0; at < 4; at++) {
      const { sequence } = await place.publish("submit.order", `{${at}`);
      await eventually(async () => deadLetters.show(`ingress/${sequence}`));
      ids.unshift(`ingress/${sequence}`);
      await world.publish(`0.in.f.f.k${at}`, Buffer.from(`junk ${at}`));
      const { last } = await broker.feed.extent(0);
      const stored = await broker.log.message(0, last);
      if (stored === undefined) throw new Error("Nothing is stored");
      const letter = { subject: stored.subject, sequence: last, reason: "junk", at: now + 1 };
      await broker.log.setAside(stored, encodeDeadLetter(letter));
      ids.unshift(`0/${last}`);
      now += 10;
    }
    const found: string[] = [];
    for (let after: string | undefined = ""; after !== undefined; ) {
      const page = await deadLetters.list({ limit: 3, ...(after === "" ? {} : { after }) });
      expect(page.letters.length).toBeLessThanOrEqual(3);
      found.push(...page.letters.map(({ id }) => id));
      after = page.next;
    }
    expect(found).toEqual(ids);
    expect(await deadLetters.drop(ids[1] ?? "")).toMatchObject({ state: "dropped" });
    expect((await deadLetters.list()).letters.map(({ id }) => id)).toEqual([
      ids[0],
      ...ids.slice(2),
    ]);
    await expect(deadLetters.replay(ids[0] ?? "", { body: 1 })).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
  });

  test("what is published for a flow that nobody ever served is set aside, and runs once somebody does", async () => {
    const place = await openPlace(open());
    const { sequence } = await place.publish("submit.order", { id: 1 });
    await place.publish("submit.order.more", { id: 2 });
    await place.publish("signal.order.k.paid", "1");
    const none = await place.ingress({ definitions: [waiting], graceMs: 200 });
    await place.taken();
    expect((await reasons(place)).toSorted()).toEqual([
      "nobody has ever served flow order",
      "nobody has ever served flow order",
      "nothing of Millrace stands on its subject",
    ]);
    await none.stop();
    await place.ingress({ graceMs: 200 });
    await place.serve();
    await place.millrace.deadLetters.replay(`ingress/${sequence}`);
    const run = place.millrace.attach(`order:ingress-${sequence}`);
    await eventually(async () => expect((await run.state()).closed).toBe(true));
    expect(await run.result({ timeout: "60s" })).toBe(1);
    expect((await run.details()).status).toBe("completed");
  });

  test("what is forged on Millrace's own subjects is removed, and takes no letter's number", async () => {
    const place = await openPlace(open());
    const { bus } = place.millrace.broker;
    const own = `mr.${place.millrace.namespace}.ingress`;
    for (const rest of [
      "dead.no-number",
      "other.thing",
      "due.order",
      "due.order.a.b",
      "order.a.b",
    ]) {
      await bus.publish({ subject: `${own}.${rest}`, data: new Uint8Array() });
    }
    // With the number that the first forged one has in its own stream.
    const { sequence } = await place.publish("submit.order", "{no JSON");
    expect(sequence).toBe(1);
    await place.ingress({ graceMs: 200 });
    await eventually(async () => {
      const left = await bus.subjects(bus.streams.ingress, ">");
      expect([...left.keys()]).toEqual([`${own}.dead.1`]);
    });
    expect(await reasons(place)).toEqual([expect.stringContaining("not JSON")]);
  });

  test("whoever serves a flow before the time is over finds what was published for it", async () => {
    const place = await openPlace(open());
    const { sequence } = await place.publish("submit.order", { id: 1 });
    await place.ingress({ definitions: [waiting], graceMs: 60_000 });
    await place.serve();
    await place.ingress({ worker: "w2" });
    await place.taken();
    expect(await reasons(place)).toEqual([]);
    const run = place.millrace.attach(`order:ingress-${sequence}`);
    expect(await run.result({ timeout: "60s" })).toBe(1);
  });

  test("a large input goes to the blob store, and so does a large message that is set aside", async () => {
    const place = await openPlace(open());
    const large = "x".repeat(300_000);
    const { sequence } = await place.publish("submit.named", { id: "k", large });
    const { sequence: bad } = await place.publish("submit.named", { id: 1, large });
    await place.ingress();
    await place.serve();
    await place.taken();
    expect(sequence).toBeGreaterThan(0);
    expect(await place.millrace.attach("named:k").result({ timeout: "60s" })).toBe("k");
    const letter = await place.millrace.deadLetters.show(`ingress/${bad}`);
    expect(letter.message?.bytes).toBeGreaterThan(300_000);
    await place.millrace.deadLetters.replay(letter.id, { body: { id: "k2" } });
    const run = place.millrace.attach(`named:ingress-${bad}`);
    // The flow makes its keys itself: of what the message says now.
    await eventually(async () =>
      expect((await place.millrace.attach("named:k2").state()).closed).toBe(true),
    );
    await expect(run.state()).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
  });

  test("a protobuf submission is taken", async () => {
    const place = await openPlace(open());
    const input = { encoding: "json", data: Buffer.from('{"id":5}') };
    const body = messages.Submission.encode({ format: 1, runId: "order:p1", input }).finish();
    const type = { "Content-Type": "application/protobuf" };
    await place.publish("submit.order", body, type);
    const damaged = { encoding: "json", data: Buffer.from("{") };
    await place.publish(
      "submit.order",
      messages.Submission.encode({ format: 1, input: damaged }).finish(),
      type,
    );
    await place.ingress();
    await place.serve();
    await place.taken();
    expect(await place.millrace.attach("order:p1").result({ timeout: "60s" })).toBe(5);
    expect(await reasons(place)).toEqual([expect.stringContaining("its input cannot be decoded")]);
  });

  test("a due schedule is handed over, and given back when nobody can act on it", async () => {
    const place = await openPlace(open());
    const { bus } = place.millrace.broker;
    const seen: string[] = [];
    await place.ingress({
      onDue: async ({ flow: name, schedule, delivery }) => {
        seen.push(`${name} ${schedule}`);
        if (seen.length === 1) throw new Error("not now");
        await delivery.ack();
      },
    });
    await bus.publish({
      subject: `mr.${place.millrace.namespace}.ingress.due.order.nightly`,
      data: new Uint8Array(),
    });
    await eventually(async () => {
      expect(seen).toEqual(["order nightly", "order nightly"]);
      expect((await bus.extent(bus.streams.ingress))?.messages).toBe(0);
    });
  });
});
