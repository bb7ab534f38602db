import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { afterEach, expect, test, vi } from "vitest";
import type { Hook, HookKind } from "../../../src/engine/hook-spec.ts";
import { hookEventType } from "../../../src/engine/hook-spec.ts";
import { HookUnverifiedError } from "../../../src/engine/webhook-errors.ts";
import {
  type HookMessage,
  hookMessage,
  verifyHook,
} from "../../../src/server/hooks/verify-hook.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** The vector that the libraries of Standard Webhooks share. */
const STANDARD = {
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  at: 1_614_265_330,
  body: '{"test": 2432232314}',
  headers: {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  },
} as const;

test("Standard Webhooks: its vector is taken, by either secret, within five minutes and not after", () => {
  const { secret, at, body, headers } = STANDARD;
  const other = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
  for (const secrets of [[secret], [other, secret], [secret, other]]) {
    expect(isVerified("standard", secrets, headers, body, at)).toBe(true);
    expect(isVerified("standard", secrets, headers, body, at + 299)).toBe(true);
    expect(isVerified("standard", secrets, headers, body, at + 301)).toBe(false);
    expect(isVerified("standard", secrets, headers, body, at - 301)).toBe(false);
  }
  expect(isVerified("standard", [other], headers, body, at)).toBe(false);
  for (const name of Object.keys(headers)) {
    expect(isVerified("standard", [secret], { ...headers, [name]: undefined }, body, at)).toBe(
      false,
    );
    expect(isVerified("standard", [secret], { ...headers, [name]: "x" }, body, at)).toBe(false);
  }
  const several = {
    ...headers,
    "webhook-signature": `v1,AAAA v2,x ${headers["webhook-signature"]}`,
  };
  expect(isVerified("standard", [secret], several, body, at)).toBe(true);
});

test("GitHub: the example of its documentation is taken, and nothing beside it", () => {
  const secret = "It's a Secret to Everybody";
  const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
  const headers = { "x-hub-signature-256": signature };
  expect(isVerified("github", [secret], headers, "Hello, World!")).toBe(true);
  expect(isVerified("github", ["another one", secret], headers, "Hello, World!")).toBe(true);
  expect(isVerified("github", [secret], headers, "Hello, World?")).toBe(false);
  expect(isVerified("github", ["another one"], headers, "Hello, World!")).toBe(false);
  for (const wrong of [
    "",
    "sha256=",
    signature.slice(7),
    signature.toUpperCase(),
    `${signature}0`,
  ]) {
    const given = { "x-hub-signature-256": wrong };
    expect(isVerified("github", [secret], given, "Hello, World!")).toBe(false);
  }
  const sha1 = createHmac("sha1", secret).update("Hello, World!").digest("hex");
  const old = { "x-hub-signature": `sha1=${sha1}` };
  expect(isVerified("github", [secret], old, "Hello, World!")).toBe(false);
});

test("Stripe: any of several signatures will do, by any secret, within five minutes", () => {
  const secret = "whsec_test_secret";
  const body = '{\n  "id": "evt_test_webhook",\n  "object": "event"\n}';
  const at = 1_700_000_000;
  const mac = createHmac("sha256", secret).update(`${at}.${body}`).digest("hex");
  const ok = (signature: string, now = at, secrets = [secret]): boolean =>
    isVerified("stripe", secrets, { "stripe-signature": signature }, body, now);
  expect(ok(`t=${at},v1=${mac},v0=6ffbb59b2300aae63f272406069a9788`)).toBe(true);
  expect(ok(`t=${at},v1=${"0".repeat(64)},v1=${mac}`)).toBe(true);
  expect(ok(`t=${at},v1=${mac}`, at, ["whsec_another", secret])).toBe(true);
  expect(ok(`t=${at},v1=${mac}`, at + 300)).toBe(true);
  expect(ok(`t=${at},v1=${mac}`, at + 301)).toBe(false);
  expect(ok(`t=${at},v1=${mac}`, at - 301)).toBe(false);
  expect(ok(`t=${at + 1},v1=${mac}`)).toBe(false);
  expect(ok(`t=${at},v0=${mac}`)).toBe(false);
  expect(ok(`v1=${mac}`)).toBe(false);
  expect(ok(`t=,v1=${mac}`)).toBe(false);
  expect(ok("")).toBe(false);
});

test("a token is taken from its header, with Bearer or without it, and nothing else is", () => {
  const secrets = ["new-token-1", "old-token-1"];
  expect(isVerified("token", secrets, { authorization: "Bearer new-token-1" }, "{}")).toBe(true);
  expect(isVerified("token", secrets, { authorization: "old-token-1" }, "{}")).toBe(true);
  for (const wrong of ["", "Bearer ", "new-token", "new-token-11", "Basic new-token-1"]) {
    expect(isVerified("token", secrets, { authorization: wrong }, "{}")).toBe(false);
  }
  expect(isVerified("token", secrets, {}, "{}")).toBe(false);
});

test("whatever stands in the headers, it is refused or taken, and a changed body is never taken", () => {
  const secret = `whsec_${Buffer.alloc(32, 3).toString("base64")}`;
  const text = fc.string({ unit: "binary", maxLength: 80 });
  const names = [
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "x-hub-signature-256",
    "stripe-signature",
    "authorization",
  ];
  const headers = fc.dictionary(fc.constantFrom(...names), fc.oneof(text, fc.array(text)));
  const kinds = fc.constantFrom<HookKind>("standard", "github", "stripe", "token");
  fc.assert(
    fc.property(kinds, headers, text, (kind, given, body) => {
      expect(isVerified(kind, [secret], given, body)).toBe(false);
    }),
    { numRuns: 500 },
  );
  const at = new Date();
  fc.assert(
    fc.property(fc.json(), fc.json(), (signed, sent) => {
      const given = {
        "webhook-id": "1",
        "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
        "webhook-signature": new Webhook(secret).sign("1", at, signed),
      };
      expect(isVerified("standard", [secret], given, sent)).toBe(signed === sent);
    }),
  );
});

test("each kind has its own id and name of the event; without an id, the same body is the same delivery", () => {
  expect(of("standard", { "webhook-id": "m1" }, { type: "a.b" })).toEqual({
    id: "m1",
    event: "a.b",
  });
  expect(of("github", { "x-github-delivery": "g1", "x-github-event": "push" })).toEqual({
    id: "g1",
    event: "push",
  });
  expect(of("stripe", {}, { id: "evt_1", type: "charge.paid" })).toEqual({
    id: "evt_1",
    event: "charge.paid",
  });
  expect(of("token", { "idempotency-key": "i1" })).toEqual({ id: "i1", event: undefined });
  expect(of("token", { "webhook-id": "w1", "idempotency-key": "i1" }).id).toBe("w1");
  expect(of("token", {}, [1]).id).toBe(of("token", {}, [1]).id);
  expect(of("token", {}, [1]).id).not.toBe(of("token", {}, [2]).id);
});

test("whatever a sender calls its event, the type is one that can be filtered for", () => {
  expect(hookEventType("github.{event}", "push")).toBe("github.push");
  expect(hookEventType("stripe.{event}", "invoice.payment_succeeded")).toBe(
    "stripe.invoice.payment_succeeded",
  );
  expect(hookEventType("shop.{event}", undefined)).toBe("shop.received");
  expect(hookEventType("fixed", "push")).toBe("fixed");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (event) => {
      expect(hookEventType("a.{event}", event)).toMatch(/^a(?:\.[A-Za-z0-9_-]+)+$/);
    }),
  );
});

function of(
  kind: HookKind,
  headers: Readonly<Record<string, string>>,
  data: unknown = {},
): HookMessage {
  return hookMessage({ kind }, { headers, body: Buffer.from(JSON.stringify(data)) }, data);
}

function isVerified(
  kind: HookKind,
  secrets: readonly string[],
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  body: string,
  atSeconds?: number,
): boolean {
  if (atSeconds !== undefined) vi.useFakeTimers({ now: atSeconds * 1_000, toFake: ["Date"] });
  const hook: Hook = {
    name: "test",
    kind,
    secrets: secrets.map((secret, at) => ({ id: `key_${at}`, secret, createdAt: 0 })),
    type: "test",
    header: undefined,
    version: 1,
    createdAt: 0,
    changedAt: 0,
  };
  try {
    verifyHook(hook, { headers, body: Buffer.from(body) }, Date.now());
    return true;
  } catch (error) {
    const tells = secrets.some((secret) => String(error).includes(secret));
    if (error instanceof HookUnverifiedError && !tells) return false;
    throw error;
  }
}
