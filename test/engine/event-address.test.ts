import { expect, test } from "vitest";
import {
  type EventAddress,
  formatEventAddress,
  parseEventAddress,
} from "../../src/engine/event-address.ts";

const READ: readonly (readonly [text: string, address: EventAddress, written: string])[] = [
  ["12", { event: 12 }, "#12"],
  ["#12", { event: 12 }, "#12"],
  ["0", { event: 0 }, "#0"],
  ["seq:9041", { sequence: 9041 }, "seq:9041"],
  ["charge#1", { step: "charge#1" }, "charge#1"],
  ["charge", { step: "charge" }, "charge"],
  ["pay#1/charge#2", { step: "pay#1/charge#2" }, "pay#1/charge#2"],
  ["12 angry men", { step: "12 angry men" }, "12 angry men"],
];

test.each(READ)("%s is read as one address, and written back as one", (text, address, written) => {
  expect(parseEventAddress(text)).toEqual(address);
  expect(formatEventAddress(address)).toBe(written);
  expect(parseEventAddress(written)).toEqual(address);
});

test.each(["", "#", "#x", "seq:", "seq:x", "seq:-1", "99999999999999999999"])(
  "%j is no address, and the error says what one looks like",
  (text) => {
    expect(() => parseEventAddress(text)).toThrow(/the number of an event \(12\)/);
  },
);
