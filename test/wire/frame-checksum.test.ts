import { expect, test } from "vitest";
import type { Frame } from "../../src/engine/frame.ts";
import { checkFrame } from "../../src/wire/frame-checksum.ts";
import { decodeFrame, encodeFrame } from "../../src/wire/frame-codec.ts";

function frame(bytes: number): Frame {
  const output = { encoding: "binary", data: new Uint8Array(bytes).fill(7) };
  const events = [{ type: "Completed", at: 1, output }] as const;
  const rest = {
    status: "completed",
    inboxFolded: 0,
    token: 3,
    queue: "shop",
    annotated: 0,
  } as const;
  return { prev: 9, epoch: 1, writer: "w1", ...rest, events };
}

test("no byte of a frame can be changed without its checksum or its form telling of it", () => {
  const bytes = encodeFrame(frame(40));
  expect(checkFrame(bytes)).toBe("right");
  const tag = bytes.length - 5;
  for (let at = 0; at < bytes.length; at++) {
    // A changed tag of the checksum hides it, and nothing else.
    if (at === tag) continue;
    const changed = Uint8Array.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 0x10;
    expect([at, checkFrame(changed)]).not.toEqual([at, "right"]);
    expect([at, checkFrame(changed), decodeFrame(changed).kind]).not.toEqual([at, "none", "ok"]);
  }
});

test("a large frame has no checksum, and reads as one of an older version does", () => {
  const bytes = encodeFrame(frame(20_000));
  expect(checkFrame(bytes)).toBe("none");
  expect(decodeFrame(bytes)).toMatchObject({ kind: "ok", value: { prev: 9, writer: "w1" } });
});
