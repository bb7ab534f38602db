/** Publishers, workers and the broker, with everybody killed with -9 at random; a ledger checks what came of each event. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectRaw, headers, type NatsConnection } from "@nats-io/transport-node";
import { expect, onTestFinished, test, vi } from "vitest";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { keepWorkers } from "./support/keep-workers.ts";
import { openTestBed, type TestBed } from "./support/test-bed.ts";
import { until } from "./support/until.ts";

vi.setConfig({ testTimeout: 150_000 });

const ORDERS = 40;
/** Every way by which an order leads to an act. */
const WAYS = ["published", "subject", "emitted", "completed", "batched"] as const;

test("each event is acted upon by one run, and none is lost, although workers and broker are killed and publishers repeat themselves", async () => {
  const storeDir = mkdtempSync(join(tmpdir(), "millrace-e2e-"));
  let server: NatsServer = await startNatsServer({ storeDir });
  onTestFinished(async () => {
    await server.kill();
    await rm(storeDir, { recursive: true, force: true, maxRetries: 3 });
  });
  const bed = await openTestBed(server.url);
  // The first one makes the consumers, and captures the shop's subject: what is published before is nobody's.
  const first = await bed.worker("automation");
  const workers = keepWorkers(2, () =>
    bed.worker("automation", { crash: { point: "random", oneIn: 120 } }),
  );
  onTestFinished(() => workers.stop());

  const shop = await connectRaw({ servers: server.url, maxReconnectAttempts: -1 });
  onTestFinished(() => shop.close());
  const told = { name: "TOLD", subjects: ["told.>"], storage: "file", retention: "limits" };
  await shop.request("$JS.API.STREAM.CREATE.TOLD", JSON.stringify(told), { timeout: 30_000 });
  const orders = Array.from({ length: ORDERS }, (_, at) => `order-${at}`);
  const publishing = publishAll(shop, bed.namespace, orders);
  await until("some orders are acted upon", () => runsByPlace(bed).size >= ORDERS / 2);
  await first.kill();
  await server.kill();
  server = await startNatsServer({ storeDir, port: server.port });
  await publishing;

  const places = orders.flatMap((order) => WAYS.map((way) => `${way} ${order}`));
  await until(
    "all orders are acted upon in every way",
    async () =>
      places.every((place) => runsByPlace(bed).has(place)) && (await toldOf(bed)).length >= ORDERS,
    100_000,
  );
  await until("nothing is on its way any more", () => isQuiet(bed), 60_000);
  const runs = runsByPlace(bed);
  expect([...runs.keys()].toSorted()).toEqual(places.toSorted());
  // A step may be repeated by a crash; then it is the same run's.
  expect([...runs].filter(([, ids]) => ids.size !== 1)).toEqual([]);
  expect((await toldOf(bed)).toSorted()).toEqual(orders.toSorted());
  expect(await notCompleted(bed)).toEqual([]);
});

/** The runs that did something about an order, by the way it came to them. */
function runsByPlace({ ledger }: TestBed): ReadonlyMap<string, ReadonlySet<string>> {
  const runs = new Map<string, Set<string>>();
  for (const { run, order, from } of ledger.entries) {
    const place = `${String(from)} ${String(order)}`;
    runs.set(place, (runs.get(place) ?? new Set()).add(run));
  }
  return runs;
}

/** What was published about orders, in the order in which it was stored. */
async function toldOf({ millrace }: TestBed): Promise<readonly string[]> {
  const told: string[] = [];
  for await (const batch of millrace.broker.bus.scan("TOLD", {})) {
    told.push(...batch.map(({ data }) => String(JSON.parse(new TextDecoder().decode(data)))));
  }
  return told;
}

/** Each order goes to the ingress and on a subject of the shop's own, both of them twice. */
async function publishAll(
  shop: NatsConnection,
  namespace: string,
  orders: readonly string[],
): Promise<void> {
  for (const order of orders) {
    const body = JSON.stringify({ order });
    const keyed = headers();
    keyed.set("Millrace-Key", order);
    const told = headers();
    told.set("Nats-Msg-Id", order);
    for (let times = 0; times < 2; times++) {
      await untilStored(shop, `millrace.${namespace}.submit.taken`, body, keyed);
      await untilStored(shop, `chaos.${order}.created`, body, told);
    }
  }
}

function untilStored(
  shop: NatsConnection,
  subject: string,
  body: string,
  messageHeaders: ReturnType<typeof headers>,
): Promise<boolean> {
  return until(`${subject} is stored`, () =>
    shop.request(subject, body, { headers: messageHeaders, timeout: 2_000 }).then(
      (answer) => answer.json<{ error?: object }>().error === undefined,
      () => false,
    ),
  );
}

/** Every message of every stream was handed out and acked, every run has ended, and all that happened to runs is told. */
async function isQuiet({ millrace }: TestBed): Promise<boolean> {
  const { bus, queues } = millrace.broker;
  try {
    for (const stream of Object.values(bus.streams)) {
      for (const { waiting, handedOut } of await bus.consumers(stream)) {
        if (waiting + handedOut > 0) return false;
      }
    }
    return (await queues.report()).every(
      ({ waiting, inputs, handedOut }) => waiting + inputs + handedOut === 0,
    );
  } catch {
    return false; // The broker has just been started.
  }
}

async function notCompleted({ millrace }: TestBed): Promise<readonly string[]> {
  const found: string[] = [];
  for (const flow of ["taken", "millrace-action", ...WAYS.slice(1).map((way) => `act-${way}`)]) {
    for await (const { id, status } of millrace.list({ flow })) {
      if (status !== "completed") found.push(`${id} ${status}`);
    }
  }
  return found;
}
