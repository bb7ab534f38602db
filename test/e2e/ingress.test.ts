/** Runs that are started, signalled and cancelled by a client that knows nothing of Millrace but its subjects. */
import { randomBytes } from "node:crypto";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { startIngress } from "../../src/automation/ingress/start-ingress.ts";
import { flow } from "../../src/definition/flow.ts";
import { systemClock } from "../../src/ports/clock.ts";
import { serve } from "../../src/serve.ts";
import { publishPlainly } from "./support/plain-client.ts";
import { type TestBed, testBeds } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

const beds = testBeds();
const silent = pino({ level: "silent" });

/** Publishes below `millrace.<namespace>`. */
async function publisher(bed: TestBed) {
  const connection = await bed.raw();
  return (
    what: string,
    body: string | Uint8Array = "",
    headers: Readonly<Record<string, string | readonly string[]>> = {},
  ) => publishPlainly(connection, `millrace.${bed.namespace}.${what}`, body, headers);
}

test("one publish is one run: its key, tags, time and id are what the message says", async () => {
  const bed = await beds.open();
  const publish = await publisher(bed);
  await bed.worker("published");
  const { millrace } = bed;

  const plain = await publish("submit.ship", '{"item":"a"}');
  expect(plain.stream).toBe(`MR_${bed.namespace}_published`);
  const run = millrace.attach(`ship:ingress-${plain.seq}`);
  await submitted(bed, run.id);
  expect(await run.result({ timeout: "60s" })).toBe("a");

  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  await publish("submit.ship", '{"item":"b"}', {
    "Millrace-Key": "eu/42",
    "Millrace-Tags": ["job:42", "origin:go, vip"],
    traceparent,
  });
  await submitted(bed, "ship:eu/42");
  expect(await millrace.attach("ship:eu/42").result({ timeout: "60s" })).toBe("b");
  const details = await millrace.attach("ship:eu/42").details();
  expect(details.tags).toEqual(["job:42", "origin:go", "vip"]);
  expect(details.metadata).toEqual({ traceparent });

  // The broker stores one of these; the second one's ack names the first one's sequence.
  const first = await publish("submit.ship", '{"item":"c"}', { "Nats-Msg-Id": "msg-1" });
  const second = await publish("submit.ship", '{"item":"c"}', { "Nats-Msg-Id": "msg-1" });
  expect(second).toMatchObject({ seq: first.seq, duplicate: true });
  await submitted(bed, "ship:msg-1");
  expect(await millrace.attach("ship:msg-1").result({ timeout: "60s" })).toBe("c");

  await publish("submit.ship", '{"item":"d"}', { "Millrace-Key": "late", "Millrace-Delay": "1h" });
  await submitted(bed, "ship:late");
  const late = await until("it waits for its time", async () => {
    const { status, startAt } = await millrace.attach("ship:late").details();
    return status === "scheduled" && startAt;
  });
  expect(late.getTime()).toBeGreaterThan(Date.now() + 1_800_000);
  const done = new Set(bed.ledger.entries.map(({ item }) => item));
  expect(done).toEqual(new Set(["a", "b", "c"]));
});

test("a run is signalled and cancelled by a publish, whatever its key", async () => {
  const bed = await beds.open();
  const publish = await publisher(bed);
  await bed.worker("published");
  const { millrace } = bed;
  await publish("submit.invoice", "", { "Millrace-Key": "i-1" });
  await publish("signal.invoice.i-1.paid", '{"by":"ann"}');
  await submitted(bed, "invoice:i-1");
  expect(await millrace.attach("invoice:i-1").result({ timeout: "60s" })).toEqual({ by: "ann" });

  const key = { "Millrace-Key": "eu/2 ü" };
  await publish("submit.invoice", "", key);
  await publish("cancel.invoice.any", "sold out", key);
  await submitted(bed, "invoice:eu/2 ü");
  await expect(millrace.attach("invoice:eu/2 ü").result({ timeout: "60s" })).rejects.toMatchObject({
    code: "RUN_CANCELLED",
    reason: "sold out",
  });
});

test("garbage between good messages is set aside with a reason, and every good one runs", async () => {
  const bed = await beds.open();
  const publish = await publisher(bed);
  const worker = await bed.worker("published");
  const good: number[] = [];
  let bad = 0;
  for (let at = 0; at < 60; at++) {
    for (const send of garbage(publish)) {
      await send();
      bad++;
    }
    good.push((await publish("submit.ship", JSON.stringify({ item: `good ${at}` }))).seq);
  }
  for (const seq of good) await submitted(bed, `ship:ingress-${seq}`);
  for (const seq of good) {
    await bed.millrace.attach(`ship:ingress-${seq}`).result({ timeout: "60s" });
  }
  const letters = await until("every bad message is set aside", async () => {
    const found = await bed.millrace.deadLetters.list({ limit: 1_000 });
    return found.letters.length >= bad && found.letters;
  });
  expect(letters).toHaveLength(bad);
  for (const { reason, id } of letters) {
    expect(reason).not.toBe("");
    expect(id).toMatch(/^ingress\/\d+$/);
  }
  expect(worker.isAlive).toBe(true);
});

test("a worker that is killed in the middle of 500 messages leaves each one run, and none out", async () => {
  const bed = await beds.open();
  const publish = await publisher(bed);
  const first = await bed.worker("published");
  const send = async (item: number): Promise<string> => {
    const { seq } = await publish("submit.ship", JSON.stringify({ item: String(item) }));
    return `ship:ingress-${seq}`;
  };
  const all = Array.from({ length: 500 }, (_, item) => item);
  const half = Promise.all(all.slice(0, 250).map(send));
  await until("some of it was done", () => bed.ledger.entries.length > 20);
  const rest = Promise.all(all.slice(250).map(send));
  await first.kill();
  const ids = [...(await half), ...(await rest)];
  await bed.worker("published");
  for (const id of ids) {
    await submitted(bed, id);
    await bed.millrace.attach(id).result({ timeout: "60s" });
  }
  const runs: string[] = [];
  for await (const { id } of bed.millrace.list({ flow: "ship" })) runs.push(id);
  expect(runs.toSorted()).toEqual(ids.toSorted());
  // Who was killed may have done a step that nobody had recorded.
  const done = new Set(bed.ledger.entries.map(({ run, item }) => `${run} ${String(item)}`));
  expect(done.size).toBe(500);
  expect((await bed.millrace.deadLetters.list()).letters).toEqual([]);
});

test("what was published for a flow that nobody served is a dead letter, and a run when it is replayed", async () => {
  const bed = await beds.open();
  const publish = await publisher(bed);
  const { millrace } = bed;
  const { seq } = await publish("submit.unheard", '{"item":"x"}');
  const sweeper = await startIngress(
    {
      millrace,
      clock: systemClock,
      log: silent,
      worker: "sweeper",
      definitions: new Map(),
      triggers: [],
      schedules: [],
    },
    { onDue: ({ delivery }) => delivery.ack(), graceMs: 200 },
  );
  onTestFinished(() => sweeper.stop());
  const [letter] = await until("it is set aside", async () => {
    const { letters } = await millrace.deadLetters.list();
    return letters.length > 0 && letters;
  });
  expect(letter).toMatchObject({
    id: `ingress/${seq}`,
    reason: "nobody has ever served flow unheard",
  });
  const unheard = flow("unheard", async (_, input: { readonly item: string }) => input.item);
  const worker = await serve([unheard], { connection: millrace, log: silent });
  onTestFinished(() => worker.drain());
  await millrace.deadLetters.replay(`ingress/${seq}`);
  await submitted(bed, `unheard:ingress-${seq}`);
  expect(await millrace.attach(`unheard:ingress-${seq}`).result({ timeout: "60s" })).toBe("x");
});

/** Resolves when the ingress has made it a run. */
async function submitted({ millrace }: TestBed, id: string): Promise<void> {
  await until(`${id} is submitted`, () =>
    millrace
      .attach(id)
      .state()
      .then(
        () => true,
        (error: { readonly code?: string }) => {
          if (error.code === "RUN_NOT_FOUND") return false;
          throw error;
        },
      ),
  );
}

function bytes(): Uint8Array {
  return randomBytes(1 + Math.floor(Math.random() * 2_000));
}

/** One message of each kind of nonsense, for a flow that is served. */
function garbage(
  publish: Awaited<ReturnType<typeof publisher>>,
): readonly (() => Promise<unknown>)[] {
  const item = '{"item":"no"}';
  return [
    () => publish("submit.ship", Buffer.concat([Uint8Array.of(0xff), bytes()])),
    () => publish("submit.ship", "[".repeat(10_000)),
    () => publish("submit.ship", '{"item":42}'),
    () => publish("submit.ship", item, { "Millrace-Wish": "yes" }),
    () => publish("submit.ship", item, { "Millrace-Key": "k".repeat(1_000) }),
    () => publish("submit.ship", item, { "Millrace-Delay": Buffer.from(bytes()).toString("hex") }),
    () => publish("submit.ship", bytes(), { "Content-Type": "application/protobuf" }),
    () => publish("submit.ship", item, { "Content-Encoding": "gzip" }),
    () => publish(`signal.ship.--${"z-".repeat(20)}.paid`, "1"),
    () => publish("signal.ship.k", "1"),
    () => publish("signal.ship.a.b.c.d", "1"),
    () => publish("cancel.ship.a.b", "why"),
  ];
}
