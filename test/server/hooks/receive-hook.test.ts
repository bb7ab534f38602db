import { createHmac } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import type { StoredEvent } from "../../../src/client/tail-events.ts";
import type { RunningServer } from "../../../src/server/start-server.ts";
import { type Answer, type ApiBed, answerOf, checkAnswer, openApiBed } from "../support/api-bed.ts";

test("Standard Webhooks: what is signed is made an event, once; what came in before is said so", async () => {
  const bed = await openApiBed();
  const { secret = "" } = await bed.millrace.hooks.put("shop", { kind: "standard" });
  const body = JSON.stringify({ type: "order.paid", data: { order: 42 } });
  const first = await send(bed, "shop", body, signed(secret, "msg_1", body));
  expect(first).toMatchObject({
    status: 202,
    body: { event: { id: "shop/msg_1", type: "shop.order.paid" } },
  });
  const again = await send(bed, "shop", body, signed(secret, "msg_1", body));
  expect(again).toMatchObject({
    status: 200,
    body: { event: { id: "shop/msg_1", type: "shop.order.paid" }, duplicate: true },
  });
  const [event, ...more] = await events(bed);
  expect(more).toEqual([]);
  const { bus } = bed.millrace.broker;
  const subjects = await bus.subjects(bus.streams.events, "millrace.test.events.app.>");
  expect([...subjects]).toEqual([["millrace.test.events.app.shop.order.paid", 1]]);
  expect(event).toMatchObject({
    event: {
      id: "shop/msg_1",
      source: "/millrace/test/hooks/shop",
      type: "shop.order.paid",
      data: { type: "order.paid", data: { order: 42 } },
    },
  });
});

test("a bad signature, a changed body and an old secret are refused with 401, an unknown hook with 404, and nothing is emitted", async () => {
  const bed = await openApiBed();
  const { hooks } = bed.millrace;
  const { secret: first = "" } = await hooks.put("shop", { kind: "standard" });
  const { secret: second = "" } = await hooks.rotate("shop");
  const { secret: third = "" } = await hooks.rotate("shop");
  const unverified = { status: 401, body: { code: "HOOK_UNVERIFIED" } };
  expect(await send(bed, "shop", "{}", signed(first, "m1", "{}"))).toMatchObject(unverified);
  expect(await send(bed, "shop", "{ }", signed(second, "m1", "{}"))).toMatchObject(unverified);
  expect(await send(bed, "shop", "{}", {})).toMatchObject(unverified);
  expect(await send(bed, "none", "{}", signed(second, "m1", "{}"))).toMatchObject({
    status: 404,
    body: { code: "HOOK_NOT_FOUND" },
  });
  expect(await send(bed, "..", "{}", {})).toMatchObject({ status: 404 });
  expect(await send(bed, "a%2Eb", "{}", {})).toMatchObject({ status: 400 });
  expect(await events(bed)).toEqual([]);
  expect(await send(bed, "shop", "{}", signed(second, "m2", "{}"))).toMatchObject({ status: 202 });
  expect(await send(bed, "shop", "{}", signed(third, "m3", "{}"))).toMatchObject({ status: 202 });
});

test("GitHub: JSON and the form that it sends by default; the type is the event's", async () => {
  const bed = await openApiBed();
  const { secret = "" } = await bed.millrace.hooks.put("hub", { kind: "github" });
  const payload = { ref: "refs/heads/main", text: "ä + &" };
  const json = JSON.stringify(payload);
  const form = new URLSearchParams({ payload: json }).toString();
  const types = ["application/json", "application/x-www-form-urlencoded"] as const;
  for (const [at, body] of [json, form].entries()) {
    const answer = await send(bed, "hub", body, {
      "content-type": types[at] ?? "",
      "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
      "x-github-event": "push",
      "x-github-delivery": `delivery-${at}`,
    });
    expect(answer).toMatchObject({ status: 202, body: { event: { type: "github.push" } } });
  }
  const found = await events(bed);
  expect(found.map(({ event }) => event.data)).toEqual([payload, payload]);
});

test("Stripe and a shared token: by the ids of their bodies and headers, by the type that the hook settles", async () => {
  const bed = await openApiBed();
  const { hooks } = bed.millrace;
  await hooks.put("pay", { kind: "stripe", secret: "whsec_of_stripe" });
  const charge = JSON.stringify({ id: "evt_1", type: "charge.succeeded" });
  const at = Math.floor(Date.now() / 1_000);
  const mac = createHmac("sha256", "whsec_of_stripe").update(`${at}.${charge}`).digest("hex");
  const byStripe = await send(bed, "pay", charge, { "stripe-signature": `t=${at},v1=${mac}` });
  expect(byStripe.body).toEqual({ event: { id: "pay/evt_1", type: "stripe.charge.succeeded" } });
  const { secret = "" } = await hooks.put("plain", {
    kind: "token",
    type: "sensor.read",
    header: "X-Sensor-Key",
  });
  const headers = { "x-sensor-key": secret };
  const one = await send(bed, "plain", "[1]", { ...headers, "idempotency-key": "k1" });
  expect(one).toMatchObject({
    status: 202,
    body: { event: { id: "plain/k1", type: "sensor.read" } },
  });
  expect(await send(bed, "plain", "[1]", headers)).toMatchObject({ status: 202 });
  expect(await send(bed, "plain", "[1]", headers)).toMatchObject({ status: 200 });
  expect(await send(bed, "plain", "[2]", headers)).toMatchObject({ status: 202 });
  expect(await send(bed, "plain", "", headers)).toMatchObject({ status: 202 });
  const { authorization } = { authorization: `Bearer ${secret}` };
  expect(await send(bed, "plain", "[3]", { authorization })).toMatchObject({ status: 401 });
  expect(await events(bed)).toHaveLength(5);
});

test("the same delivery at two servers at the same moment, many times over, is one event each", async () => {
  const bed = await openApiBed();
  const other = await bed.start();
  const { secret = "" } = await bed.millrace.hooks.put("shop", { kind: "standard" });
  const ids = Array.from({ length: 20 }, (_, at) => `msg_${at}`);
  const answers = await Promise.all(
    ids.flatMap((id) =>
      [bed.server, other, bed.server, other].map((server) =>
        send(bed, "shop", "{}", signed(secret, id, "{}"), server),
      ),
    ),
  );
  const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
  expect(statuses).toEqual([...Array(60).fill(200), ...Array(20).fill(202)]);
  const found = (await events(bed)).map(({ event }) => event.id);
  expect(found.toSorted()).toEqual(ids.map((id) => `shop/${id}`).toSorted());
});

test("what a hook remembers is asked before the broker's own memory, and outlasts it", async () => {
  const bed = await openApiBed();
  const { secret = "" } = await bed.millrace.hooks.put("shop", { kind: "standard" });
  await send(bed, "shop", "{}", signed(secret, "msg_1", "{}"));
  const records = await bed.millrace.broker.control.list("hook-seen.shop");
  expect(records).toHaveLength(1);
});

test("a body that is no JSON, too large for the server, or of any type at all", async () => {
  const bed = await openApiBed({ limits: { bodyBytes: 1_000 } });
  const { secret = "" } = await bed.millrace.hooks.put("shop", { kind: "token" });
  const headers = { authorization: `Bearer ${secret}` };
  for (const body of ["no json", '{"a":', "\ud800", "undefined"]) {
    const answer = await send(bed, "shop", body, headers);
    expect(answer).toMatchObject({ status: 400, body: { code: "BODY_NOT_JSON" } });
  }
  const large = await send(bed, "shop", JSON.stringify("x".repeat(2_000)), headers);
  expect(large).toMatchObject({ status: 413, body: { code: "BODY_TOO_LARGE" } });
  const typed = { ...headers, "content-type": "text/plain; charset=latin1" };
  expect(await send(bed, "shop", "1", typed)).toMatchObject({ status: 202 });
  const untyped = { ...headers, "content-type": "" };
  expect(await send(bed, "shop", "1", untyped)).toMatchObject({ status: 415 });
  expect(await bed.get("//hooks/shop")).toMatchObject({ status: 405 });
});

test("an event that fits in no message is refused with 413, and may come again", async () => {
  const bed = await openApiBed({ limits: { bodyBytes: 8 * 1_048_576 } });
  const { secret = "" } = await bed.millrace.hooks.put("shop", { kind: "token" });
  const most = bed.millrace.broker.log.maxMessageBytes;
  const body = JSON.stringify("x".repeat(most));
  for (let time = 0; time < 2; time++) {
    const answer = await send(bed, "shop", body, { authorization: `Bearer ${secret}` });
    expect(answer).toMatchObject({ status: 413, body: { code: "PAYLOAD_TOO_LARGE" } });
  }
  expect(await events(bed)).toEqual([]);
});

test("callers without a token of the API come in, as many as one address may", async () => {
  const bed = await openApiBed({ auth: "tokens", limits: { requestsPerMinute: 5 } });
  const { secret = "" } = await bed.millrace.hooks.put("shop", { kind: "token" });
  const statuses: number[] = [];
  for (let at = 0; at < 7; at++) {
    const headers = { authorization: `Bearer ${secret}` };
    statuses.push((await send(bed, "shop", String(at), headers)).status);
  }
  expect(statuses).toEqual([202, 202, 202, 202, 202, 429, 429]);
});

test("without the broker nothing is taken, and the sender may try again", async () => {
  const bed = await openApiBed();
  const { secret = "" } = await bed.millrace.hooks.put("shop", { kind: "token" });
  await bed.loseBroker();
  const answer = await send(bed, "shop", "{}", { authorization: `Bearer ${secret}` });
  expect(answer.status).toBe(503);
});

function signed(secret: string, id: string, body: string): Readonly<Record<string, string>> {
  const at = new Date();
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": new Webhook(secret).sign(id, at, body),
  };
}

async function send(
  bed: ApiBed,
  hook: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  server: RunningServer = bed.server,
): Promise<Answer> {
  const url = `/hooks/${hook}`;
  const response = await fetch(`${server.url}${url}`, { method: "POST", headers, body });
  const answer = await answerOf(response);
  checkAnswer("POST", url, answer);
  return answer;
}

async function events(bed: ApiBed): Promise<readonly StoredEvent[]> {
  const found: StoredEvent[] = [];
  for await (const event of bed.millrace.events.tail({})) {
    if (!event.event.type.startsWith("millrace.")) found.push(event);
  }
  return found;
}
