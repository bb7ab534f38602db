import { expect, test } from "vitest";
import { afterAttempt } from "../../src/engine/webhook-health.ts";
import { WEBHOOK_DEFAULTS, type WebhookEndpoint } from "../../src/engine/webhook-spec.ts";

const endpoint: WebhookEndpoint = {
  ...WEBHOOK_DEFAULTS,
  name: "shop",
  url: "https://shop.test/",
  secrets: [],
  headers: {},
  disabled: undefined,
  failing: undefined,
  version: 3,
  createdAt: 0,
  changedAt: 0,
};

const DAY = 86_400_000;

/** The endpoint after failures at these times. */
function failed(...times: readonly number[]): WebhookEndpoint {
  return times.reduce((now, at) => afterAttempt(now, 3, "failed", at), endpoint);
}

test("by default an endpoint is given up after twenty failures and five days without a success, not after one of both", () => {
  const nineteen = Array.from({ length: 19 }, (_, at) => at);
  expect(failed(...nineteen, 20).disabled).toBeUndefined();
  expect(failed(0, 6 * DAY).disabled).toBeUndefined();
  expect(failed(...nineteen, 5 * DAY - 1).disabled).toBeUndefined();
  expect(failed(...nineteen, 5 * DAY)).toMatchObject({
    failing: { since: 0, attempts: 20 },
    disabled: { at: 5 * DAY, by: "failures", isTold: false },
  });
});

test("a success forgets the failures before it, and changes nothing where there were none", () => {
  const well = afterAttempt(failed(1, 2, 3), 3, "delivered", 4);
  expect(well.failing).toBeUndefined();
  expect(afterAttempt(well, 3, "delivered", 5)).toBe(well);
});

test("410 disables at once, also an endpoint that failures never disable", () => {
  const patient = { ...endpoint, disableAfter: undefined };
  expect(afterAttempt(patient, 3, "gone", 7)).toMatchObject({ disabled: { at: 7, by: "gone" } });
  const often = Array.from({ length: 50 }, (_, at) => at * DAY);
  const failing = often.reduce(
    (now, at) => afterAttempt(now, 3, "failed", at),
    patient as WebhookEndpoint,
  );
  expect(failing).toMatchObject({ failing: { attempts: 50 }, disabled: undefined });
});

test("an attempt with an older configuration, and one that ends after the endpoint was disabled, change nothing", () => {
  expect(afterAttempt(endpoint, 2, "gone", 1)).toBe(endpoint);
  const gone = afterAttempt(endpoint, 3, "gone", 1);
  for (const outcome of ["failed", "gone", "delivered"] as const) {
    expect(afterAttempt(gone, 3, outcome, 2)).toBe(gone);
  }
});
