import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { Millrace } from "../../src/client/millrace.ts";
import { flow } from "../../src/definition/flow.ts";
import { signal } from "../../src/definition/signal.ts";
import { sortableId } from "../../src/engine/sortable-id.ts";
import type { Broker } from "../../src/ports/broker.ts";
import { encodeDeadLetter } from "../../src/wire/dead-letter-codec.ts";
import { encodeInput } from "../../src/wire/input-codec.ts";
import { serve } from "../../src/worker/serve.ts";
import { eventually, onEveryAdapter } from "../contract/support/on-every-adapter.ts";

const go = signal<string>("go");
const waiting = flow("waiting", async (ctx) => ctx.receive(go));

function aSignal(): Uint8Array {
  const sentAt = Date.now();
  const payload = { encoding: "json", data: Buffer.from('"now"') };
  const body = { type: "Signal", name: "go", payload } as const;
  return encodeInput({ inputId: sortableId(sentAt, Math.random), sentAt, body });
}

async function serves(broker: Broker): Promise<void> {
  const log = pino({ level: "silent" });
  const worker = await serve([waiting], { connection: { broker }, log });
  onTestFinished(() => worker.drain());
}

/** Sets the message aside that was stored last, and gives the letter's id. */
async function setAside(broker: Broker, reason = "a reason"): Promise<string> {
  const { last } = await broker.feed.extent(0);
  const message = await broker.log.message(0, last);
  if (message === undefined) throw new Error("Nothing is stored");
  const { subject, sequence } = message;
  await broker.log.setAside(message, encodeDeadLetter({ subject, sequence, reason, at: sequence }));
  return `0/${sequence}`;
}

onEveryAdapter("dead letters", (open) => {
  test("are listed by pages, the newest first, each once", async () => {
    const { connect, publish } = open();
    const broker = await connect();
    const { deadLetters } = new Millrace(broker);
    const ids: string[] = [];
    for (let at = 0; at < 7; at++) {
      await publish(`0.in.f.f.k${at}`, Buffer.from(`junk ${at}`));
      ids.unshift(await setAside(broker, `reason ${at}`));
    }
    const found: string[] = [];
    for (let after: string | undefined = ""; after !== undefined; ) {
      const page = await deadLetters.list({ limit: 3, ...(after === "" ? {} : { after }) });
      expect(page.letters.length).toBeLessThanOrEqual(3);
      found.push(...page.letters.map(({ id }) => id));
      after = page.next;
    }
    expect(found).toEqual(ids);
    const { letters } = await deadLetters.list();
    expect(letters[0]).toMatchObject({ id: ids[0], reason: "reason 6", state: "open" });
    await expect(deadLetters.list({ limit: 0 })).rejects.toMatchObject({ code: "INVALID_OPTION" });
    await expect(deadLetters.list({ after: "x" })).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
  });

  test("show their message, understood or not", async () => {
    const { connect, publish } = open();
    const broker = await connect();
    const { deadLetters } = new Millrace(broker);
    await publish("0.in.waiting.waiting.k", Buffer.from("junk"));
    expect(await deadLetters.show(await setAside(broker))).toMatchObject({
      message: {
        kind: "in",
        runId: "waiting:k",
        bytes: 4,
        hex: "6a756e6b",
        content: undefined,
        trouble: expect.stringContaining("cannot be decoded"),
      },
    });
    await publish("0.in.waiting.waiting.k", aSignal());
    expect(await deadLetters.show(await setAside(broker))).toMatchObject({
      message: { content: { body: { type: "Signal", name: "go" } }, trouble: undefined },
    });
    for (const id of ["0/999", "7/1", "", "1", "0/x"]) {
      await expect(deadLetters.show(id)).rejects.toMatchObject({ code: "DEAD_LETTER_NOT_FOUND" });
    }
  });

  test("an input is replayed once its run exists, and is received", async () => {
    const { connect, publish } = open();
    const broker = await connect();
    const millrace = new Millrace(broker);
    const { deadLetters } = millrace;
    await publish("0.in.waiting.waiting.k", aSignal());
    const id = await setAside(broker);
    await expect(deadLetters.replay(id)).rejects.toThrow(
      `Dead letter ${id} cannot be replayed: there is no run waiting:k. Submit the run first`,
    );
    await serves(broker);
    // In another queue than the sender thought of.
    const run = await millrace.submit(waiting, undefined, { key: "k" });
    expect(await deadLetters.replay(id)).toMatchObject({ id, state: "replayed" });
    expect(await run.result({ timeout: "60s" })).toBe("now");
    expect((await deadLetters.list()).letters).toEqual([]);
    expect((await deadLetters.list({ resolved: true })).letters).toMatchObject([
      { id, state: "replayed", reason: "a reason" },
    ]);
    await expect(deadLetters.replay(id)).rejects.toMatchObject({
      code: "DEAD_LETTER_NOT_REPLAYABLE",
    });
  });

  test("an input is not replayed to a run that has ended", async () => {
    const { connect, publish } = open();
    const broker = await connect();
    const millrace = new Millrace(broker);
    const run = await millrace.submit(waiting, undefined, { key: "k" });
    await run.terminate();
    await publish("0.in.waiting.waiting.k", aSignal());
    const id = await setAside(broker);
    await expect(millrace.deadLetters.replay(id)).rejects.toMatchObject({ code: "RUN_CLOSED" });
  });

  test("a submission that can be understood by now is replayed: its run starts", async () => {
    const { connect } = open();
    const broker = await connect();
    const millrace = new Millrace(broker);
    const run = await millrace.submit(waiting, undefined, { key: "k" });
    const id = await setAside(broker);
    // An older worker acked it: nobody is handed it any more.
    let acked = 0;
    const reader = await broker.queues.open({
      queues: ["waiting"],
      room: () => 10,
      onDelivery: (delivery) => {
        delivery.ack();
        acked++;
      },
      onForeign: () => undefined,
    });
    reader.more();
    await eventually(() => expect(acked).toBe(1));
    await reader.stop();
    await serves(broker);
    expect(await millrace.deadLetters.replay(id)).toMatchObject({ state: "replayed" });
    await run.signal(go, "later");
    expect(await run.result({ timeout: "60s" })).toBe("later");
  });

  test("what is no use to anybody is refused with the reason, and dropped for good", async () => {
    const { connect, publish } = open();
    const broker = await connect();
    const { deadLetters } = new Millrace(broker);
    for (const rest of ["0.in.f.f.k", "0.new.f.f.k", "0.h.f.k", "0.in.f.f.a.b.c"]) {
      await publish(rest, Buffer.from("junk"));
      const id = await setAside(broker);
      await expect(deadLetters.replay(id)).rejects.toMatchObject({
        code: "DEAD_LETTER_NOT_REPLAYABLE",
      });
      expect(await deadLetters.drop(id)).toMatchObject({ state: "dropped" });
      expect(await deadLetters.drop(id)).toMatchObject({ state: "dropped" });
      expect(await deadLetters.show(id)).toMatchObject({ state: "dropped", message: { bytes: 4 } });
    }
    expect(await deadLetters.list()).toEqual({ letters: [], next: undefined });
    expect((await deadLetters.list({ resolved: true })).letters).toHaveLength(4);
  });
});
