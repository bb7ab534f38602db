/** Namespaces that an older version made: one stream held what others published and what Millrace itself ordered. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectPlainly, type NatsConnection } from "@nats-io/transport-node";
import { pino } from "pino";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { OnDue } from "../../src/automation/ingress/due-message.ts";
import { startIngress } from "../../src/automation/ingress/start-ingress.ts";
import type { Millrace } from "../../src/client/millrace.ts";
import { connect } from "../../src/connect.ts";
import type { AnyDefinition } from "../../src/definition/definition.ts";
import { flow } from "../../src/definition/flow.ts";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { jsRequest } from "../../src/jetstream/js-request.ts";
import type { StreamInfo } from "../../src/jetstream/stream-settings.ts";
import { systemClock } from "../../src/ports/clock.ts";
import { serve } from "../../src/serve.ts";
import { BusSubjects } from "../../src/wire/bus-subjects.ts";
import { encodeIngressContent, encodeIngressLetter } from "../../src/wire/ingress-letter-codec.ts";
import { publishPlainly } from "./support/plain-client.ts";
import { until } from "./support/until.ts";

const storeDir = mkdtempSync(join(tmpdir(), "millrace-e2e-"));
const silent = pino({ level: "silent" });
const echo = flow("echo", async (_, input: unknown) => input);
let server: NatsServer;
let outside: NatsConnection;
beforeAll(async () => {
  server = await startNatsServer({ storeDir });
  outside = await connectPlainly({ servers: server.url });
});
afterAll(async () => {
  await outside.close();
  await server.kill();
  await rm(storeDir, { recursive: true, force: true, maxRetries: 3 });
});

test("what waits in the one stream becomes runs, under the ids that their publishers were promised", async () => {
  const subjects = await olderNamespace("old-a");
  const waiting = await publishPlainly(outside, subjects.submit("echo"), '"waiting"');

  const millrace = await open("old-a");
  const after = await publishPlainly(outside, subjects.submit("echo"), '"after"');
  expect(after.stream).toBe("MR_old-a_published");
  expect(after.seq).toBeGreaterThan(waiting.seq);
  const worker = await serve([echo], { connection: millrace, log: silent });
  onTestFinished(() => worker.drain());
  expect(await result(millrace, waiting.seq)).toBe("waiting");
  expect(await result(millrace, after.seq)).toBe("after");
  const { bus } = millrace.broker;
  for (const stream of [bus.streams.published, bus.streams.ingress]) {
    await until(`nothing is left in ${stream}`, async () => {
      return (await bus.extent(stream))?.messages === 0;
    });
  }
});

test("what an older version ordered falls due, and what it set aside is replayed", async () => {
  const subjects = await olderNamespace("old-b");
  await publishPlainly(outside, subjects.scheduleOrder("soon"), "{}", {
    "Nats-Schedule": `@at ${new Date(Date.now() + 3_000).toISOString()}`,
    "Nats-Schedule-Target": subjects.scheduleDue("echo", "soon"),
  });
  await publishPlainly(outside, subjects.scheduleDue("echo", "long-due"), "{}");
  const body = new TextEncoder().encode("{no JSON");
  const letter = encodeIngressLetter({
    subject: subjects.submit("echo"),
    sequence: 1,
    reason: "its body is not JSON",
    at: 1,
    message: { encoding: "binary", data: encodeIngressContent({ headers: new Map(), body }) },
  });
  await publishPlainly(outside, subjects.deadIngress(1), letter);

  const millrace = await open("old-b");
  const due = new Set<string>();
  await takenIn(millrace, [echo], ({ schedule, delivery }) => {
    due.add(schedule);
    return delivery.ack();
  });
  await until("both fall due", () => due.size === 2);
  expect(due).toEqual(new Set(["soon", "long-due"]));
  await millrace.deadLetters.replay("ingress/1", { body: "mended" });
  const worker = await serve([echo], { connection: millrace, automation: false, log: silent });
  onTestFinished(() => worker.drain());
  expect(await result(millrace, 1)).toBe("mended");
});

test("what nobody ever served is set aside from the one stream too", async () => {
  const subjects = await olderNamespace("old-c");
  const { seq } = await publishPlainly(outside, subjects.submit("nobody"), '"x"');
  const millrace = await open("old-c");
  await takenIn(millrace, [], ({ delivery }) => delivery.ack());
  const [letter] = await until("it is set aside", async () => {
    const { letters } = await millrace.deadLetters.list();
    return letters.length > 0 && letters;
  });
  expect(letter).toMatchObject({
    id: `ingress/${seq}`,
    reason: "nobody has ever served flow nobody",
  });
});

test("many open such a namespace at once, after one that died on the way, and no number comes twice", async () => {
  const subjects = await olderNamespace("old-d");
  const { seq } = await publishPlainly(outside, subjects.submit("echo"), '"kept"');
  // It gave the subjects up, and died before it made the new stream.
  const name = "MR_old-d_ingress";
  const info = await jsRequest<StreamInfo>(outside, `STREAM.INFO.${name}`, undefined);
  const narrow = { ...info?.config, subjects: subjects.ofStreams.ingress };
  await jsRequest(outside, `STREAM.UPDATE.${name}`, narrow);

  const [millrace] = await Promise.all(["old-d", "old-d", "old-d", "old-d"].map(open));
  if (millrace === undefined) throw new Error("Nobody is connected");
  const after = await publishPlainly(outside, subjects.submit("echo"), '"new"');
  expect(after.seq).toBe(seq + 1);
  const worker = await serve([echo], { connection: millrace, log: silent });
  onTestFinished(() => worker.drain());
  expect(await result(millrace, seq)).toBe("kept");
  expect(await result(millrace, after.seq)).toBe("new");
});

/** Makes the stream as it was made until it was parted, with the consumer that a worker left. */
async function olderNamespace(namespace: string): Promise<BusSubjects> {
  const subjects = new BusSubjects(namespace);
  const { published, ingress } = subjects.ofStreams;
  const stream = `MR_${namespace}_ingress`;
  await jsRequest(outside, `STREAM.CREATE.${stream}`, {
    name: stream,
    subjects: [...published, ...ingress],
    retention: "workqueue",
    storage: "file",
    discard: "old",
    num_replicas: 1,
    max_msgs: -1,
    max_bytes: -1,
    max_age: 0,
    max_msgs_per_subject: -1,
    allow_direct: true,
    allow_msg_schedules: true,
    allow_msg_ttl: true,
    allow_rollup_hdrs: true,
    duplicate_window: 120_000_000_000,
    metadata: { "millrace.format": "1" },
  });
  const config = {
    name: "ingress_echo",
    durable_name: "ingress_echo",
    filter_subjects: [...subjects.ofFlow("echo"), subjects.scheduleDue("echo", "*")],
    deliver_policy: "all",
    ack_policy: "explicit",
    ack_wait: 2_000_000_000,
    max_deliver: -1,
  };
  const request = { stream_name: stream, action: "", config };
  await jsRequest(outside, `CONSUMER.CREATE.${stream}.${config.name}`, request);
  return subjects;
}

async function open(namespace: string): Promise<Millrace> {
  const millrace = await connect({ servers: server.url, namespace });
  onTestFinished(() => millrace.close());
  return millrace;
}

/** Takes in what is published and due, without the rest of a worker's automation. */
async function takenIn(
  millrace: Millrace,
  flows: readonly AnyDefinition[],
  onDue: OnDue,
): Promise<void> {
  const part = await startIngress(
    {
      millrace,
      clock: systemClock,
      log: silent,
      worker: "w",
      definitions: new Map(flows.map((each) => [each.name, each])),
      triggers: [],
      schedules: [],
    },
    { onDue, graceMs: 200 },
  );
  onTestFinished(() => part.stop());
}

/** The result of the run that the message with this sequence became. */
async function result(millrace: Millrace, sequence: number): Promise<unknown> {
  const run = millrace.attach(`echo:ingress-${sequence}`);
  await until(`${run.id} is there`, () =>
    run.state().then(
      () => true,
      () => false,
    ),
  );
  return await run.result({ timeout: "60s" });
}
