import { expect, test } from "vitest";
import { chanceOf, uuidFrom } from "../../src/engine/chance.ts";

function draw(seed: string, count: number): readonly number[] {
  const chance = chanceOf(seed);
  return Array.from({ length: count }, chance);
}

test("one seed gives the same numbers in every process and release", () => {
  // Fixed for ever: a replay in a later release must draw what the run drew before.
  expect(draw("checkout:order-42/", 3)).toEqual(FIXED_NUMBERS);
  expect(uuidFrom(chanceOf("checkout:order-42/"))).toBe(FIXED_UUID);
});

test("seeds that differ in one character give other numbers", () => {
  expect(draw("checkout:order-42/", 4)).not.toEqual(draw("checkout:order-43/", 4));
  expect(draw("a", 4)).not.toEqual(draw("b", 4));
});

test("the numbers lie in [0, 1) and fill it evenly", () => {
  const tenths = Array.from({ length: 10 }, () => 0);
  for (const number of draw("even", 20_000)) {
    const tenth = Math.floor(number * 10);
    tenths[tenth] = (tenths[tenth] ?? Number.NaN) + 1;
  }
  expect(tenths.length).toBe(10);
  for (const count of tenths) expect(Math.abs(count - 2_000)).toBeLessThan(250);
});

test("a uuid is a version 4 one, and a thousand of one source differ", () => {
  const chance = chanceOf("uuids");
  const uuids = Array.from({ length: 1_000 }, () => uuidFrom(chance));
  for (const uuid of uuids) {
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
  expect(new Set(uuids).size).toBe(1_000);
});

const FIXED_NUMBERS = [0.9387488544452935, 0.7356179018970579, 0.04158870899118483];
const FIXED_UUID = "bc51746f-0aa5-48d5-b73c-9d3cbd35e683";
