import { expect, test } from "vitest";
import { runRef } from "../../src/engine/run-id.ts";
import type { Broker } from "../../src/ports/broker.ts";
import type { Stored, WriteOutcome } from "../../src/ports/run-log.ts";
import { eventually, onEveryAdapter } from "./support/on-every-adapter.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (stored: Stored | undefined): string | undefined =>
  stored === undefined ? undefined : new TextDecoder().decode(stored.data);
const texts = (all: readonly Stored[]): (string | undefined)[] => all.map(text);

const run = runRef("checkout", "order-1");
const other = runRef("checkout", "order-2");

function sequenceOf(outcome: WriteOutcome): number {
  if (outcome.status !== "written") throw new Error(`Not written: ${outcome.status}`);
  return outcome.sequence;
}

async function appendAll(broker: Broker, frames: readonly string[]): Promise<number[]> {
  const sequences: number[] = [];
  for (const frame of frames) {
    const expected = sequences.at(-1) ?? 0;
    sequences.push(sequenceOf(await broker.log.append(run, expected, bytes(frame))));
  }
  return sequences;
}

onEveryAdapter("the run log", (open) => {
  test("says which namespace it is of, and how large a message it takes", async () => {
    const world = open();
    const { log } = await world.connect();
    expect(log.namespace).toBe(world.namespace);
    expect(log.maxMessageBytes).toBeGreaterThan(100_000);
  });

  test("takes a submission once for each key, whatever it holds (I1)", async () => {
    const { log } = await open().connect();
    expect((await log.submit(run, "checkout", bytes("first"))).status).toBe("written");
    expect((await log.submit(run, "checkout", bytes("second"))).status).toBe("conflict");
    expect((await log.submit(other, "checkout", bytes("third"))).status).toBe("written");
    expect(text(await log.submission(run, "checkout"))).toBe("first");
  });

  test("lets one of many concurrent submissions of one key win, and it is the one that is read", async () => {
    const world = open();
    const brokers = [await world.connect(), await world.connect()];
    const writes = Array.from({ length: 8 }, async (_, at) => {
      const outcome = await brokers[at % 2]?.log.submit(run, "checkout", bytes(`from ${at}`));
      return outcome?.status === "written" ? `from ${at}` : undefined;
    });
    const winners = (await Promise.all(writes)).filter((winner) => winner !== undefined);
    expect(winners).toHaveLength(1);
    expect(text(await brokers[0]?.log.submission(run, "checkout"))).toBe(winners[0]);
  });

  test("finds a submission by its queue alone, or in any queue when none is named", async () => {
    const { log } = await open().connect();
    await log.submit(run, "express", bytes("in express"));
    expect(await log.submission(run, "checkout")).toBeUndefined();
    expect(text(await log.submission(run))).toBe("in express");
    expect(await log.submission(other)).toBeUndefined();
  });

  test("appends to a history only behind the sequence that was expected (I2)", async () => {
    const { log } = await open().connect();
    const first = sequenceOf(await log.append(run, 0, bytes("a")));
    expect((await log.append(run, 0, bytes("b"))).status).toBe("conflict");
    expect((await log.append(run, first + 1, bytes("b"))).status).toBe("conflict");
    const second = sequenceOf(await log.append(run, first, bytes("b")));
    expect((await log.append(run, first, bytes("c"))).status).toBe("conflict");
    expect(second).toBeGreaterThan(first);
    expect(texts(await log.history(run, second))).toEqual(["a", "b"]);
  });

  test("expects the last sequence of the run's own subject: other runs' frames do not disturb it", async () => {
    const { log } = await open().connect();
    const first = sequenceOf(await log.append(run, 0, bytes("a")));
    sequenceOf(await log.append(other, 0, bytes("x")));
    sequenceOf(await log.put(run, "checkout", bytes("input")).then(written));
    expect((await log.append(run, first, bytes("b"))).status).toBe("written");
  });

  test("lets one of many concurrent appends in one place win (I2)", async () => {
    const world = open();
    const brokers = [await world.connect(), await world.connect()];
    const writes = Array.from({ length: 8 }, async (_, at) =>
      brokers[at % 2]?.log.append(run, 0, bytes(`from ${at}`)),
    );
    const statuses = (await Promise.all(writes)).map((outcome) => outcome?.status);
    expect(statuses.filter((status) => status === "written")).toHaveLength(1);
    const head = await brokers[1]?.log.head(run);
    expect(await brokers[0]?.log.history(run, head?.sequence ?? 0)).toHaveLength(1);
  });

  test("shows the head that was just written to another connection at once", async () => {
    const world = open();
    const [writer, reader] = [await world.connect(), await world.connect()];
    expect(await reader.log.head(run)).toBeUndefined();
    for (let last = 0, at = 0; at < 20; at++) {
      last = sequenceOf(await writer.log.append(run, last, bytes(`frame ${at}`)));
      const head = await reader.log.head(run);
      expect([head?.sequence, text(head)]).toEqual([last, `frame ${at}`]);
      expect(head?.partition).toBe(0);
    }
  });

  test("gives the part of a history that lies between two sequences, both included, in order", async () => {
    const broker = await open().connect();
    const [, b = 0, , d = 0, e = 0] = await appendAll(broker, ["a", "b", "c", "d", "e"]);
    const { log } = broker;
    expect(texts(await log.history(run, e))).toEqual(["a", "b", "c", "d", "e"]);
    expect(texts(await log.history(run, d, b))).toEqual(["b", "c", "d"]);
    expect(texts(await log.history(run, e, e))).toEqual(["e"]);
    expect(texts(await log.history(run, b, d))).toEqual([]);
    expect(texts(await log.history(other, e))).toEqual([]);
  });

  test("gives a history of 2,500 frames whole and in order", async () => {
    const broker = await open().connect();
    const frames = Array.from({ length: 2_500 }, (_, at) => `${at}`);
    const sequences = await appendAll(broker, frames);
    expect(texts(await broker.log.history(run, sequences.at(-1) ?? 0))).toEqual(frames);
  });

  test("tells of a history up to a sequence, message by message, as it gives it whole", async () => {
    const broker = await open().connect();
    const sequences = await appendAll(broker, ["a", "b", "", "d", "e"]);
    await broker.log.append(other, 0, bytes("x"));
    const told: Stored[] = [];
    await broker.log.tellHistory(run, sequences[3] ?? 0, (message) => told.push(message));
    expect(texts(told)).toEqual(["a", "b", "", "d"]);
    expect(told.map(({ sequence }) => sequence)).toEqual(sequences.slice(0, 4));
    await broker.log.tellHistory(run, 0, (message) => told.push(message));
    expect(told).toHaveLength(4);
  });

  test("gives a history of large frames whole and in order", async () => {
    const broker = await open().connect();
    const frames = Array.from({ length: 30 }, (_, at) => `${at}`.padEnd(100_000, "x"));
    const sequences = await appendAll(broker, frames);
    expect(texts(await broker.log.history(run, sequences.at(-1) ?? 0))).toEqual(frames);
  });

  test("puts inputs without a condition, and gives those after a sequence in order", async () => {
    const { log } = await open().connect();
    const first = await log.put(run, "checkout", bytes("one"));
    const second = await log.put(run, "checkout", bytes("two"));
    const third = await log.put(run, "checkout", bytes("two"));
    await log.put(other, "checkout", bytes("for another"));
    await log.put(run, "express", bytes("in another queue"));
    expect(first < second && second < third).toBe(true);
    expect(texts(await log.inbox(run, "checkout", 0))).toEqual(["one", "two", "two"]);
    expect(texts(await log.inbox(run, "checkout", first))).toEqual(["two", "two"]);
    expect(texts(await log.inbox(run, "checkout", third))).toEqual([]);
    expect(texts(await log.inbox(run, "nobody", 0))).toEqual([]);
  });

  test("lists the head of every history of one flow, and of no other", async () => {
    const { log } = await open().connect();
    const first = sequenceOf(await log.append(run, 0, bytes("order-1 begins")));
    await log.append(run, first, bytes("order-1 ends"));
    await log.append(other, 0, bytes("order-2"));
    const odd = runRef("checkout", "orders/42 ü");
    await log.append(odd, 0, bytes("encoded"));
    await log.append(runRef("checkout2", "order-1"), 0, bytes("of another flow"));
    await log.submit(runRef("checkout", "order-3"), "checkout", bytes("never taken up"));
    const heads = new Map<string, string | undefined>();
    for await (const { run: of, head } of log.heads("checkout")) heads.set(of.id, text(head));
    expect(heads).toEqual(
      new Map([
        [run.id, "order-1 ends"],
        [other.id, "order-2"],
        [odd.id, "encoded"],
      ]),
    );
    const all: string[] = [];
    for await (const { run: of } of log.heads()) all.push(of.id);
    expect(new Set(all)).toEqual(new Set([...heads.keys(), "checkout2:order-1"]));
  });

  test("lists heads with the place where the next frame may be appended", async () => {
    const { log } = await open().connect();
    await log.append(run, 0, bytes("a"));
    for await (const { run: of, head } of log.heads("checkout")) {
      expect(head).toMatchObject({ partition: 0, subject: (await log.head(of))?.subject });
      expect((await log.append(of, head.sequence, bytes("b"))).status).toBe("written");
    }
    expect(text(await log.head(run))).toBe("b");
  });

  test("lists 1,234 heads, each once, and none for a flow without runs", async () => {
    const { log } = await open().connect();
    const keys = Array.from({ length: 1_234 }, (_, at) => `order-${at}`);
    await Promise.all(keys.map((key) => log.append(runRef("checkout", key), 0, bytes(key))));
    const listed: (string | undefined)[] = [];
    for await (const { head } of log.heads("checkout")) listed.push(text(head));
    expect(listed).toHaveLength(keys.length);
    expect(new Set(listed)).toEqual(new Set(keys));
    for await (const { run: of } of log.heads("nobody")) throw new Error(of.id);
  });

  test("a listing that is left early leaves the log usable, and one that is broken off says so", async () => {
    const broker = await open().connect();
    await broker.log.append(run, 0, bytes("a"));
    await broker.log.append(other, 0, bytes("b"));
    for await (const { head } of broker.log.heads("checkout")) {
      expect(head.sequence).toBeGreaterThan(0);
      break;
    }
    await broker.close();
    const listing = (async () => {
      for await (const { run: of } of broker.log.heads("checkout")) throw new Error(of.id);
    })();
    await expect(listing).rejects.toThrow(/broker|closed/i);
  });

  test("sets a message aside once, however often that is asked for", async () => {
    const { log } = await open().connect();
    const sequence = await log.put(run, "checkout", bytes("foreign"));
    const [stored] = await log.inbox(run, "checkout", 0);
    if (stored === undefined) throw new Error("The input is not there");
    await log.setAside(stored, bytes("letter"));
    await log.setAside(stored, bytes("the same once more"));
    expect(stored.sequence).toBe(sequence);
    expect(texts(await log.deadLetters(10))).toEqual(["letter"]);
  });

  test("shows the newest of the messages that were set aside", async () => {
    const { log } = await open().connect();
    for (const letter of ["one", "two", "three"]) await log.put(run, "checkout", bytes(letter));
    for (const stored of await log.inbox(run, "checkout", 0))
      await log.setAside(stored, stored.data);
    expect(texts(await log.deadLetters(2))).toEqual(["two", "three"]);
  });

  test("pages back through dead letters that stand far apart, and reads none twice", async () => {
    const { log } = await open().connect();
    for (let at = 0; at < 25; at++) {
      await log.put(run, "checkout", bytes(`letter ${at}`));
      for (let between = 0; between < at; between++) await log.put(run, "other", bytes("-"));
    }
    for (const stored of await log.inbox(run, "checkout", 0))
      await log.setAside(stored, stored.data);
    const found: string[] = [];
    for (let before: ReadonlyMap<number, number> | undefined; ; ) {
      const page = await log.deadLetters(4, before);
      if (page.length === 0) break;
      expect(page.length).toBeLessThanOrEqual(4);
      for (const { subject } of page) expect(subject).toMatch(/\.dead\.\d+$/);
      found.unshift(...texts(page).map(String));
      before = new Map([[0, page[0]?.sequence ?? 0]]);
    }
    expect(found).toEqual(Array.from({ length: 25 }, (_, at) => `letter ${at}`));
  });

  test("gives any message by its place, and the letter about it", async () => {
    const { log } = await open().connect();
    const sequence = await log.put(run, "checkout", bytes("foreign"));
    const stored = await log.message(0, sequence);
    expect(stored?.subject).toMatch(/\.in\.checkout\./);
    expect(texts(stored === undefined ? [] : [stored])).toEqual(["foreign"]);
    expect(await log.deadLetter(0, sequence)).toBeUndefined();
    if (stored !== undefined) await log.setAside(stored, bytes("letter"));
    const letter = await log.deadLetter(0, sequence);
    expect(texts(letter === undefined ? [] : [letter])).toEqual(["letter"]);
    if (letter !== undefined) await log.rollUp(letter, bytes("dropped"));
    expect(texts(await log.deadLetters(10))).toEqual(["dropped"]);
    expect([await log.message(0, 1_000), await log.message(7, 1)]).toEqual([undefined, undefined]);
  });

  test("tells followers of each frame with its place, once it is in force and until it is stopped", async () => {
    const world = open();
    const [writer, reader] = [await world.connect(), await world.connect()];
    const told: Stored[] = [];
    const witness: Stored[] = [];
    const stop = await reader.log.follow(run, (frame) => told.push(frame));
    await reader.log.follow(run, (frame) => witness.push(frame));
    const a = sequenceOf(await writer.log.append(run, 0, bytes("a")));
    await writer.log.append(other, 0, bytes("of another run"));
    const b = sequenceOf(await writer.log.append(run, a, bytes("b")));
    await eventually(() => expect(texts(told)).toEqual(["a", "b"]));
    const head = await reader.log.head(run);
    expect(told.map(({ sequence }) => sequence)).toEqual([a, b]);
    expect(told[1]?.subject).toBe(head?.subject);
    stop();
    await writer.log.append(run, b, bytes("c"));
    await eventually(() => expect(texts(witness)).toEqual(["a", "b", "c"]));
    expect(texts(told)).toEqual(["a", "b"]);
  });

  test("answers a write after the connection was closed with unknown, and refuses a read", async () => {
    const broker = await open().connect();
    await broker.close();
    expect(broker.closed.aborted).toBe(true);
    expect((await broker.log.append(run, 0, bytes("late"))).status).toBe("unknown");
    await expect(broker.log.head(run)).rejects.toThrow(/broker|closed/i);
    await expect(broker.log.put(run, "checkout", bytes("late"))).rejects.toThrow("Send it again");
  });
});

function written(sequence: number): WriteOutcome {
  return { status: "written", sequence };
}

onEveryAdapter("the run log's orders for later", (open) => {
  test("put an input into the inbox at its time, never before, and the last order counts", async () => {
    const { log } = await open().connect();
    const due = Date.now() + 1_500;
    const later = { number: 1, time: Date.now() + 600_000 };
    await log.wakeAt(run, "checkout", later, bytes("replaced"));
    await log.wakeAt(run, "checkout", { number: 1, time: due }, bytes("wake"));
    // An order of another number, sent late by somebody who lost the run, replaces nothing.
    await log.wakeAt(run, "checkout", { ...later, number: 0 }, bytes("late"));
    expect(await log.inbox(run, "checkout", 0)).toEqual([]);
    const found = await eventually(async () => {
      const inbox = await log.inbox(run, "checkout", 0);
      if (inbox.length === 0) throw new Error("Not there yet");
      return { inbox, at: Date.now() };
    });
    expect(texts(found.inbox)).toEqual(["wake"]);
    expect(found.at).toBeGreaterThanOrEqual(due - 5);
  });

  test("are carried out at once when their time has passed", async () => {
    const { log } = await open().connect();
    await log.wakeAt(run, "checkout", { number: 1, time: Date.now() - 60_000 }, bytes("late"));
    await eventually(async () =>
      expect(texts(await log.inbox(run, "checkout", 0))).toEqual(["late"]),
    );
  });
});

onEveryAdapter("the run log's roll-up", (open) => {
  test("puts one message in the place of all on a subject, if the last of them is the one that was read (I2)", async () => {
    const broker = await open().connect();
    const { log } = broker;
    const [first, second] = await appendAll(broker, ["a", "b"]);
    const elsewhere = sequenceOf(await log.append(other, 0, bytes("other")));
    const [read] = await log.history(run, second ?? 0);
    if (read === undefined) throw new Error("It is there");
    expect((await log.rollUp(read, bytes("too late"))).status).toBe("conflict");
    expect(texts(await log.history(run, 1_000))).toEqual(["a", "b"]);

    const head = await log.head(run);
    if (head === undefined) throw new Error("It is there");
    const rolledUp = sequenceOf(await log.rollUp(head, bytes("all")));
    expect(rolledUp).toBeGreaterThan(elsewhere);
    expect(await log.head(run)).toMatchObject({ sequence: rolledUp });
    expect(texts(await log.history(run, rolledUp))).toEqual(["all"]);
    expect(texts(await log.history(other, rolledUp))).toEqual(["other"]);

    // What expected a message that is gone is refused, like any other that comes too late.
    for (const gone of [0, first ?? 0, second ?? 0]) {
      expect((await log.append(run, gone, bytes("c"))).status).toBe("conflict");
    }
    expect((await log.rollUp(head, bytes("again"))).status).toBe("conflict");
    const next = sequenceOf(await log.append(run, rolledUp, bytes("c")));
    expect(texts(await log.history(run, next))).toEqual(["all", "c"]);
  });

  test("and an append in the same place: one of them is stored, however often they meet (I2)", async () => {
    const world = open();
    const [one, two] = [await world.connect(), await world.connect()];
    for (let round = 0; round < 50; round++) {
      const key = runRef("checkout", `meet-${round}`);
      const expected = sequenceOf(await one.log.append(key, 0, bytes("first")));
      const head = await one.log.head(key);
      if (head === undefined) throw new Error("It is there");
      const outcomes = await Promise.all([
        two.log.append(key, expected, bytes("appended")),
        one.log.rollUp(head, bytes("rolled up")),
      ]);
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["conflict", "written"]);
      const won = outcomes[0].status === "written";
      const left = texts(await one.log.history(key, 100_000));
      expect(left).toEqual(won ? ["first", "appended"] : ["rolled up"]);
    }
  });

  test("of a submission keeps the key used, and hands the new message out (I1)", async () => {
    const broker = await open().connect();
    const { log } = broker;
    await log.submit(run, "checkout", bytes("with input"));
    const stored = await log.submission(run, "checkout");
    if (stored === undefined) throw new Error("It is there");
    const sequence = sequenceOf(await log.rollUp(stored, bytes("without")));
    expect(await log.submission(run)).toMatchObject({ sequence });
    expect((await log.submit(run, "checkout", bytes("again"))).status).toBe("conflict");

    const delivered: string[] = [];
    const reader = await broker.queues.open({
      queues: ["checkout"],
      room: () => 10,
      onDelivery: (delivery) => {
        delivered.push(new TextDecoder().decode(delivery.data));
        delivery.ack();
      },
      onForeign: () => undefined,
    });
    await eventually(() => expect(delivered).toEqual(["without"]));
    await reader.stop();
  });

  test("an inbox is cleared up to a sequence, and of that run alone", async () => {
    const { log } = await open().connect();
    await log.put(run, "checkout", bytes("1"));
    const upTo = await log.put(run, "checkout", bytes("2"));
    await log.put(other, "checkout", bytes("other"));
    await log.put(run, "checkout", bytes("3"));
    await log.clearInbox(run, "checkout", upTo);
    expect(texts(await log.inbox(run, "checkout", 0))).toEqual(["3"]);
    expect(texts(await log.inbox(other, "checkout", 0))).toEqual(["other"]);
    await log.clearInbox(run, "checkout", upTo);
    await log.clearInbox(run, "checkout", upTo + 1_000);
    expect(await log.inbox(run, "checkout", 0)).toEqual([]);
    expect(await log.put(run, "checkout", bytes("4"))).toBeGreaterThan(upTo);
  });
});
