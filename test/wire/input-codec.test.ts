import fc from "fast-check";
import { expect, test } from "vitest";
import type { RunInput } from "../../src/engine/input.ts";
import { decodeInput, encodeInput } from "../../src/wire/input-codec.ts";
import { messages } from "../../src/wire/messages.ts";
import { anyMutationOf } from "./support/mutations.ts";

const anyInput: fc.Arbitrary<RunInput> = fc.record({
  inputId: fc.string({ unit: "binary", minLength: 1, maxLength: 30 }),
  sentAt: fc.maxSafeNat(),
  body: fc.record({
    type: fc.constant("Wake"),
    replaces: fc.array(fc.maxSafeNat(), { maxLength: 5 }),
    resume: fc.boolean(),
    queue: fc.string({ unit: "binary", maxLength: 20 }),
  }),
});

test("a wake comes back as it was written, with every token it stands for", () => {
  fc.assert(
    fc.property(anyInput, (input) => {
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

test.each([
  ["without a format", { inputId: "i", wake: {} }, /format/],
  ["of a newer format", { format: 2, inputId: "i", wake: {} }, /newer Millrace/],
  ["without an id", { format: 1, wake: {} }, /no id/],
  ["with a body that is not known", { format: 1, inputId: "i" }, /body/],
])("an input %s is foreign", (_, message, reason) => {
  const decoded = decodeInput(messages.Input.encode(message).finish());
  expect(decoded).toEqual({ kind: "foreign", reason: expect.stringMatching(reason) });
});
