import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type DeadLetter,
  decodeDeadLetter,
  encodeDeadLetter,
} from "../../src/wire/dead-letter-codec.ts";
import { messages } from "../../src/wire/messages.ts";
import { anyMutationOf } from "./support/mutations.ts";

const anyLetter: fc.Arbitrary<DeadLetter> = fc.record({
  subject: fc.string({ unit: "binary" }),
  sequence: fc.maxSafeNat(),
  reason: fc.string({ unit: "binary" }),
  at: fc.maxSafeNat(),
});

test("a dead letter comes back as it was written", () => {
  fc.assert(
    fc.property(anyLetter, (letter) => {
      expect(decodeDeadLetter(encodeDeadLetter(letter))).toEqual({ kind: "ok", value: letter });
    }),
  );
});

test("random and damaged bytes are foreign or a letter, and never an exception (I11)", () => {
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    anyLetter.map(encodeDeadLetter).chain(anyMutationOf),
  );
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      expect(["ok", "foreign"]).toContain(decodeDeadLetter(bytes).kind);
    }),
  );
});

test("a letter of a newer format is foreign", () => {
  const bytes = messages.DeadLetter.encode({ format: 2, subject: "a" }).finish();
  expect(decodeDeadLetter(bytes)).toEqual({
    kind: "foreign",
    reason: "it was written by a newer Millrace",
  });
});
