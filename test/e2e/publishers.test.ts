/** What somebody can do who may publish, and nothing else: on a real broker that knows its users. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectPlainly, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { Millrace } from "../../src/client/millrace.ts";
import { connect } from "../../src/connect.ts";
import { flow } from "../../src/definition/flow.ts";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { serve } from "../../src/serve.ts";
import { BusSubjects } from "../../src/wire/bus-subjects.ts";
import { publishPlainly } from "./support/plain-client.ts";
import { until } from "./support/until.ts";

const subjects = new BusSubjects("shop");
const [OURS, THEIRS] = [subjects.submit("ship"), subjects.submit("bill")];
/** As docs/ingress.md tells operators to: a user for what is ours, one who may only submit, and one of another account. */
const USERS = `accounts: {
  MILLRACE: {
    jetstream: enabled
    users: [
      { user: millrace, password: m }
      { user: shop, password: s, permissions: { publish: ["${OURS}"], subscribe: ["_INBOX.shop.>"] } }
    ]
    exports: [{ service: "${OURS}", accounts: [SHOP] }]
  }
  SHOP: {
    users: [{ user: guest, password: g }]
    imports: [{ service: { account: MILLRACE, subject: "${OURS}" } }]
  }
}`;

const storeDir = mkdtempSync(join(tmpdir(), "millrace-e2e-"));
let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer({ storeDir, configLines: [USERS] });
});
afterAll(async () => {
  await server.kill();
  await rm(storeDir, { recursive: true, force: true, maxRetries: 3 });
});

test("no header lets a publisher remove, hide or make anything but messages on its own subject", async () => {
  const millrace = await owner();
  const { bus } = millrace.broker;
  const data = new TextEncoder().encode("1");
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
  await bus.publish({ subject: THEIRS, data });
  await bus.publishIf({ subject: subjects.deadIngress(7), data }, 0);
  await bus.order({
    subject: subjects.scheduleOrder("nightly"),
    target: subjects.scheduleDue("ship", "nightly"),
    at: Date.now() + 3_600_000,
    data,
  });
  const before = await standing(millrace);
  const shop = await user("shop", "s");
  for (const headers of [
    { "Nats-Rollup": "all" },
    { "Nats-Rollup": "sub" },
    { "Nats-Schedule": `@at ${inAnHour}`, "Nats-Schedule-Target": THEIRS },
    { "Nats-Schedule": "@every 1s", "Nats-Schedule-Target": OURS },
    { "Nats-Scheduler": subjects.scheduleOrder("nightly"), "Nats-Schedule-Next": "purge" },
    { "Nats-TTL": "1s" },
    { "Nats-Incr": "+1" },
    { "Nats-Batch-Id": "b", "Nats-Batch-Sequence": "1", "Nats-Batch-Commit": "1" },
  ]) {
    await expect(publishPlainly(shop, OURS, "1", headers)).rejects.toThrow(OURS);
  }
  expect(await standing(millrace)).toEqual(before);
  // Those that the broker knows nothing to do with are headers like any other.
  for (const headers of [
    { "Nats-Schedule-Target": THEIRS },
    { "Nats-Schedule-TTL": "1s" },
    { "Nats-Marker-Reason": "Purge" },
    { "KV-Operation": "PURGE" },
  ]) {
    await publishPlainly(shop, OURS, "1", headers);
  }
  expect(await standing(millrace)).toEqual(new Map([...before, [OURS, 4]]));
});

test("whoever may submit one flow may neither submit another nor touch what is Millrace's own", async () => {
  const shop = await user("shop", "s");
  for (const subject of [
    THEIRS,
    subjects.cancel("ship", "k"),
    subjects.scheduleOrder("nightly"),
    subjects.scheduleDue("ship", "nightly"),
    subjects.deadIngress(7),
    "$JS.API.STREAM.PURGE.MR_shop_published",
    "$JS.API.STREAM.MSG.DELETE.MR_shop_published",
  ]) {
    await expect(publishPlainly(shop, subject, "{}")).rejects.toThrow(/permissions violation/i);
  }
});

test("a publisher of another account starts a run, and the broker answers nobody but it", async () => {
  const millrace = await owner();
  const ship = flow("ship", async () => "on its way");
  const worker = await serve([ship], { connection: millrace });
  onTestFinished(() => worker.drain());
  const guest = await user("guest", "g");
  const before = await standing(millrace);
  // From an account of its own even the broker's answer goes nowhere else.
  guest.publish(OURS, "", { reply: THEIRS });
  guest.publish(OURS, "", { reply: "mr.shop.0.h.ship.k" });
  const { seq } = await publishPlainly(guest, OURS, "");
  const run = millrace.attach(`ship:ingress-${seq}`);
  await until("its run is there", () =>
    run.state().then(
      () => true,
      () => false,
    ),
  );
  expect(await run.result({ timeout: "60s" })).toBe("on its way");
  expect((await standing(millrace)).get(THEIRS)).toBe(before.get(THEIRS));
  expect(await millrace.broker.bus.subjects("MR_shop_0", "mr.shop.0.h.ship.k")).toEqual(new Map());
});

async function owner(): Promise<Millrace> {
  const options = { servers: server.url, namespace: "shop", user: "millrace", password: "m" };
  const millrace = await connect(options);
  onTestFinished(() => millrace.close());
  return millrace;
}

async function user(name: string, pass: string): Promise<NatsConnection> {
  const options = { servers: server.url, user: name, pass, inboxPrefix: `_INBOX.${name}` };
  const connection = await connectPlainly(options);
  onTestFinished(() => connection.close());
  return connection;
}

/** How many messages stand on each subject of the ingress. */
async function standing({ broker: { bus } }: Millrace): Promise<ReadonlyMap<string, number>> {
  const { published, ingress } = bus.streams;
  return new Map([...(await bus.subjects(published, ">")), ...(await bus.subjects(ingress, ">"))]);
}
