import fc from "fast-check";
import { expect, test } from "vitest";
import { HeldList, type HeldToken } from "../../../src/engine/peer-watch/held-list.ts";

function token(sequence: number, partition = 0): HeldToken {
  return { partition, sequence };
}

test("who knows nothing is told of all that is held, and of nothing that was", () => {
  const list = new HeldList();
  list.note([token(1), token(2)]);
  list.note([token(2), token(2, 1)]);
  expect(list.since(0, 10)).toEqual({
    held: [token(2), token(2, 1)],
    gone: [],
    upTo: 4,
    more: false,
  });
});

test("who knows the list up to a number is told of what changed after it, and of nothing when all is as before", () => {
  const list = new HeldList();
  list.note([token(1), token(2)]);
  const { upTo } = list.since(0, 10);
  list.note([token(2), token(3)]);
  expect(list.since(upTo, 10)).toMatchObject({ held: [token(3)], gone: [token(1)], more: false });
  expect(list.since(4, 10)).toEqual({ held: [], gone: [], upTo: 4, more: false });
});

test("a list that is longer than an answer may be comes in several", () => {
  const list = new HeldList();
  list.note(Array.from({ length: 10 }, (_, at) => token(at + 1)));
  const first = list.since(0, 4);
  expect(first).toMatchObject({ upTo: 4, more: true });
  expect(first.held).toHaveLength(4);
  expect(list.since(first.upTo, 6)).toMatchObject({ upTo: 10, more: false });
});

test("whoever asks now and then, with answers as long as they may be, ends with what is held", () => {
  const tokens = fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 12 });
  const rounds = fc.array(fc.record({ tokens, asks: fc.nat({ max: 2 }) }), { maxLength: 20 });
  fc.assert(
    fc.property(rounds, fc.integer({ min: 1, max: 5 }), (all, limit) => {
      const list = new HeldList();
      const known = new Set<number>();
      let knows = 0;
      const ask = (): boolean => {
        const { held, gone, upTo, more } = list.since(knows, limit);
        expect(held.length + gone.length).toBeLessThanOrEqual(limit);
        for (const { sequence } of gone) known.delete(sequence);
        for (const { sequence } of held) known.add(sequence);
        knows = upTo;
        list.forget(knows);
        return more;
      };
      for (const { tokens: now, asks } of all) {
        list.note(now.map((sequence) => token(sequence)));
        for (let at = 0; at < asks; at++) ask();
      }
      while (ask());
      expect(known).toEqual(new Set(all.at(-1)?.tokens));
    }),
  );
});
