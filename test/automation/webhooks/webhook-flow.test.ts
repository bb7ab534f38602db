import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { WebhookNotFoundError } from "../../../src/engine/webhook-errors.ts";
import { until } from "../../e2e/support/until.ts";
import { WebhookBed } from "./support/webhook-bed.ts";

test("a delivery that fails at first is tried again with the same id, and its history says what was sent and answered", async () => {
  const bed = await WebhookBed.open();
  bed.receiver.answerWith(500, 404, 200);
  await bed.worker();
  const run = await bed.millrace.webhooks.send("shop", { order: 42 }, { key: "order-42" });
  expect(await run.result({ timeout: "60s" })).toEqual({
    id: "order-42",
    attempts: 3,
    status: 200,
  });
  expect(bed.receiver.ids).toEqual(["order-42", "order-42", "order-42"]);
  expect(new Set(bed.receiver.requests.map(({ body }) => body))).toEqual(new Set(['{"order":42}']));
  const delivery = await bed.millrace.webhooks.delivery(run.id);
  expect(delivery).toMatchObject({ webhook: "shop", id: "order-42", status: "completed" });
  expect(delivery.attempts.map(({ outcome, response }) => [outcome, response?.status])).toEqual([
    ["failed", 500],
    ["failed", 404],
    ["delivered", 200],
  ]);
  expect(delivery.attempts[0]).toMatchObject({
    request: { body: { text: '{"order":42}' }, headers: { "webhook-signature": "[redacted]" } },
    response: { body: { text: "answered 500" } },
    retryInMs: expect.any(Number),
  });
  expect((await bed.millrace.webhooks.get("shop")).failing).toBeUndefined();
});

test("a delivery that never succeeds fails and says why; who resumes it has it tried as often again, with the same id", async () => {
  const bed = await WebhookBed.open();
  bed.receiver.answerWith(503);
  await bed.worker();
  const run = await bed.millrace.webhooks.send("shop", 1, { key: "a b" });
  expect(await bed.failure(run)).toMatchObject({
    code: "WEBHOOK_FAILED",
    message: expect.stringMatching(/shop was not delivered in 3 attempts.*503/),
  });
  expect(bed.receiver.requests).toHaveLength(3);
  bed.receiver.answerWith(503, 200);
  await run.resume();
  const receipt = await until(
    "it is delivered",
    async () => {
      const state = await run.state();
      return state.status === "completed" && run.result({ timeout: "60s" });
    },
    60_000,
  );
  expect(receipt).toEqual({ id: "--a-20b", attempts: 5, status: 200 });
  expect(new Set(bed.receiver.ids)).toEqual(new Set(["--a-20b"]));
});

test("a type makes the envelope of Standard Webhooks, with one time for all attempts and replays", async () => {
  const bed = await WebhookBed.open();
  bed.receiver.answerWith(500, 200);
  await bed.worker();
  const { webhooks } = bed.millrace;
  const run = await webhooks.send("shop", { order: 42 }, { type: "order.paid", id: "msg_7" });
  await run.result({ timeout: "60s" });
  const again = await webhooks.replay(run.id);
  expect(again.id).not.toBe(run.id);
  expect(await again.result({ timeout: "60s" })).toMatchObject({ id: "msg_7", attempts: 1 });
  const bodies = bed.receiver.requests.map(({ body }) => body);
  expect(bodies).toHaveLength(3);
  expect(new Set(bodies).size).toBe(1);
  expect(JSON.parse(bodies[0] ?? "")).toEqual({
    type: "order.paid",
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    data: { order: 42 },
  });
  expect(bed.receiver.ids).toEqual(["msg_7", "msg_7", "msg_7"]);
});

test("while a secret is rotated both sign; after the next rotation the first does not", async () => {
  const bed = await WebhookBed.open();
  await bed.worker();
  const { webhooks } = bed.millrace;
  const first = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
  await webhooks.put("rotated", { url: bed.receiver.url, secret: first });
  const { secret: second = "", secrets } = await webhooks.rotate("rotated");
  expect(secrets).toHaveLength(2);
  await sent();
  expect(verifiedBy(0)).toEqual([true, true]);
  const { secret: newest = "" } = await webhooks.rotate("rotated");
  await sent();
  expect(verifiedBy(1)).toEqual([false, true]);
  expect(verifies(newest, 1)).toBe(true);
  expect(JSON.stringify(await webhooks.get("rotated"))).not.toContain("whsec_");

  async function sent(): Promise<void> {
    await (await webhooks.send("rotated", "x")).result({ timeout: "60s" });
  }
  function verifiedBy(at: number): readonly boolean[] {
    return [first, second].map((secret) => verifies(secret, at));
  }
  function verifies(secret: string, at: number): boolean {
    const request = bed.receiver.requests[at];
    try {
      new Webhook(secret).verify(request?.body ?? "", request?.headers as Record<string, string>);
      return true;
    } catch {
      return false;
    }
  }
});

test("an endpoint that persistently fails is disabled by whichever worker sees it, told of once, and gets nothing more until it is enabled", async () => {
  const bed = await WebhookBed.open({ disableAfter: { after: 0, attempts: 5 } });
  bed.receiver.answerWith(500);
  await Promise.all([bed.worker(), bed.worker(), bed.worker()]);
  const { webhooks } = bed.millrace;
  const runs = await Promise.all(Array.from({ length: 6 }, () => webhooks.send("shop", 1)));
  const failures = await Promise.all(runs.map((run) => bed.failure(run)));
  const codes = new Set(failures.map(({ code }) => code));
  expect(codes).toContain("WEBHOOK_DISABLED");
  const shop = await webhooks.get("shop");
  expect(shop).toMatchObject({ disabled: { by: "failures" }, failing: { attempts: 5 } });
  const events = await bed.events();
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({
    type: "millrace.webhook.disabled",
    subject: "shop",
    data: { webhook: "shop", by: "failures", failedAttempts: 5 },
  });
  const before = bed.receiver.requests.length;
  const late = await webhooks.send("shop", 2);
  expect(await bed.failure(late)).toMatchObject({
    code: "WEBHOOK_DISABLED",
    message: expect.stringContaining("millrace webhooks enable shop"),
  });
  expect(bed.receiver.requests).toHaveLength(before);
  bed.receiver.answerWith(200);
  expect(await webhooks.enable("shop")).toMatchObject({ disabled: undefined, failing: undefined });
  await (await webhooks.send("shop", 3)).result({ timeout: "60s" });
  expect(bed.receiver.requests).toHaveLength(before + 1);
});

test("410 Gone disables at once", async () => {
  const bed = await WebhookBed.open();
  bed.receiver.answerWith(410);
  await bed.worker();
  const run = await bed.millrace.webhooks.send("shop", 1);
  expect(await bed.failure(run)).toMatchObject({ code: "WEBHOOK_GONE" });
  expect(bed.receiver.requests).toHaveLength(1);
  expect(await bed.millrace.webhooks.get("shop")).toMatchObject({ disabled: { by: "gone" } });
  expect(await bed.events()).toMatchObject([{ data: { by: "gone" } }]);
});

test("a worker without leave does not deliver to its own machine, whatever the record says or the name leads to", async () => {
  const bed = await WebhookBed.open();
  const { webhooks } = bed.millrace;
  const { port } = bed.receiver;
  await bed.worker({ allow: [], resolve: () => Promise.resolve(["127.0.0.1"]) });
  for (const host of ["127.0.0.1", "2130706433", "[::ffff:7f00:1]", "inside.test"]) {
    await webhooks.put("inside", { url: `http://${host}:${port}/` });
    const run = await webhooks.send("inside", 1);
    expect(await bed.failure(run)).toMatchObject({ code: "WEBHOOK_REFUSED" });
  }
  expect(bed.receiver.requests).toEqual([]);
});

test("a name that leads to another address at each attempt is checked at each", async () => {
  const bed = await WebhookBed.open();
  const { webhooks } = bed.millrace;
  bed.receiver.answerWith(500);
  const answers = [["127.0.0.1"], ["127.0.0.2"]];
  await bed.worker({ resolve: () => Promise.resolve(answers.shift() ?? ["127.0.0.3"]) });
  const url = `http://rebind.test:${bed.receiver.port}/`;
  await webhooks.put("rebind", { url, retryDelays: ["10ms", "10ms"] });
  const run = await webhooks.send("rebind", 1);
  expect(await bed.failure(run)).toMatchObject({ code: "WEBHOOK_REFUSED" });
  expect(bed.receiver.requests).toHaveLength(1);
});

test("a delivery that was under way when its endpoint was removed ends, and one to none is not accepted", async () => {
  const bed = await WebhookBed.open({ retryDelays: ["4s"] });
  const { webhooks } = bed.millrace;
  bed.receiver.answerWith(500);
  await bed.worker();
  const run = await webhooks.send("shop", 1);
  await bed.came(1);
  await webhooks.remove("shop");
  expect(await bed.failure(run)).toMatchObject({ code: "WEBHOOK_NOT_FOUND" });
  await expect(webhooks.send("shop", 1)).rejects.toBeInstanceOf(WebhookNotFoundError);
  await expect(webhooks.get("shop")).rejects.toBeInstanceOf(WebhookNotFoundError);
  expect(await webhooks.list()).toEqual([]);
});

test("what fails while somebody changes the endpoint does not count against the new one", async () => {
  const bed = await WebhookBed.open({ disableAfter: { after: 0, attempts: 1 } });
  const { webhooks } = bed.millrace;
  let changed: Promise<unknown> | undefined;
  bed.receiver.answer = (_, response) => {
    changed ??= webhooks.put("shop", { timeout: "5s" }).then(() => {
      response.writeHead(500).end();
    });
    if (bed.receiver.requests.length > 1) response.writeHead(200).end();
  };
  await bed.worker();
  const run = await webhooks.send("shop", 1);
  expect(await run.result({ timeout: "60s" })).toMatchObject({ attempts: 2 });
  await changed;
  expect((await webhooks.get("shop")).disabled).toBeUndefined();
});
