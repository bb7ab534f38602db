import fc from "fast-check";
import { expect, test } from "vitest";
import type { InputBody, RunInput } from "../../src/engine/input.ts";
import type { RunOutcome } from "../../src/engine/run-outcome.ts";
import { decodeInput, encodeInput } from "../../src/wire/input-codec.ts";
import { messages } from "../../src/wire/messages.ts";
import { anyPayload } from "../engine/support/arbitraries.ts";
import { anyMutationOf } from "./support/mutations.ts";
import { sameBytes } from "./support/same-bytes.ts";

expect.addEqualityTesters([sameBytes]);

const anyText = fc.string({ unit: "binary", maxLength: 20 });
const anyName = fc.string({ unit: "binary", minLength: 1, maxLength: 20 });
const anyQueue = fc.stringMatching(/^[\w-]{1,20}$/);

const anyOutcome: fc.Arbitrary<RunOutcome> = fc.oneof(
  fc.record({ status: fc.constant("completed" as const), output: anyPayload }),
  fc.record({
    status: fc.constant("failed" as const),
    error: anyPayload,
    // Whoever waits for a run is not told which of its steps failed.
    step: fc.constant(""),
  }),
  fc.record({
    status: fc.constant("crashed" as const),
    crashes: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  }),
  fc.record({ status: fc.constant("cancelled" as const), reason: anyText }),
);

/** One arbitrary for each body: a new one that has none does not compile. */
const anyBodyOf: {
  readonly [T in InputBody["type"]]: fc.Arbitrary<Extract<InputBody, { type: T }>>;
} = {
  Wake: fc.record({
    type: fc.constant("Wake"),
    replaces: fc.array(fc.maxSafeNat(), { maxLength: 5 }),
    resume: fc.boolean(),
    queue: fc.oneof(anyQueue, fc.constant("")),
  }),
  Signal: fc.record({ type: fc.constant("Signal"), name: anyName, payload: anyPayload }),
  Cancel: fc.record({ type: fc.constant("Cancel"), reason: anyText }),
  RunClosed: fc.record({ type: fc.constant("RunClosed"), runId: anyName, outcome: anyOutcome }),
  Watch: fc.record({ type: fc.constant("Watch"), runId: anyName, queue: anyQueue }),
};

function anyInputOf(body: fc.Arbitrary<InputBody>): fc.Arbitrary<RunInput> {
  return fc.record({
    inputId: fc.string({ unit: "binary", minLength: 1, maxLength: 30 }),
    sentAt: fc.maxSafeNat(),
    body,
  });
}

const anyInput = anyInputOf(fc.oneof(...Object.values(anyBodyOf)));

test.each(Object.entries(anyBodyOf))("any %s comes back as it was written", (_, body) => {
  fc.assert(
    fc.property(anyInputOf(body), (input) => {
      expect(decodeInput(encodeInput(input))).toEqual({ kind: "ok", value: input });
    }),
  );
});

test("random and damaged bytes are foreign or an input, and never an exception (I11)", () => {
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    anyInput.map(encodeInput).chain(anyMutationOf),
  );
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      expect(["ok", "foreign"]).toContain(decodeInput(bytes).kind);
    }),
    { numRuns: 2_000 },
  );
});

const ID = { format: 1, inputId: "i" };

test.each([
  ["without a format", { inputId: "i", wake: {} }, /format/],
  ["of a newer format", { format: 2, inputId: "i", wake: {} }, /newer Millrace/],
  ["without an id", { format: 1, wake: {} }, /no id/],
  ["with two bodies", { ...ID, wake: {}, cancel: {} }, /body/],
  ["whose wake names no queue that can be", { ...ID, wake: { queue: "q.>" } }, /queue/],
  ["that is a signal without a name", { ...ID, signal: {} }, /name/],
  ["that tells of no outcome", { ...ID, runClosed: { runId: "f:k" } }, /end/],
  ["whose answer would go anywhere", { ...ID, watch: { runId: "f:k", queue: "*" } }, /who wants/],
  ["with a body that is not known", { format: 1, inputId: "i" }, /body/],
])("an input %s is foreign", (_, message, reason) => {
  const decoded = decodeInput(messages.Input.encode(message).finish());
  expect(decoded).toEqual({ kind: "foreign", reason: expect.stringMatching(reason) });
});
