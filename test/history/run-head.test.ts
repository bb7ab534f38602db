import { expect, test } from "vitest";
import type { Frame } from "../../src/engine/frame.ts";
import { parseRunId } from "../../src/engine/run-id.ts";
import { readSureHead } from "../../src/history/run-head.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { encodeFrame } from "../../src/wire/frame-codec.ts";

const run = parseRunId("work:a");

function frame(prev: number): Frame {
  const events = [
    { type: "Activated", at: 1, epoch: 1, worker: "w", token: 1, reason: "submitted", version: "" },
  ] as const;
  const by = { epoch: 1, writer: "w", token: 1, queue: "work" } as const;
  return { prev, ...by, status: "running", inboxFolded: 0, annotated: 0, events };
}

test("a frame that names one after itself was copied there, and is passed over like any foreign bytes (I11)", async () => {
  const { log } = new MemoryBroker().connect();
  await log.append(run, 0, encodeFrame(frame(0)));
  const first = (await log.head(run))?.sequence ?? 0;
  await log.append(run, first, encodeFrame(frame(first + 1_000)));
  const { frame: found, last } = await readSureHead(log, run);
  expect(found?.sequence).toBe(first);
  expect(last).toBeGreaterThan(first);
});

test("a frame is the head behind a gap when what it names was there before it and is gone", async () => {
  const { log } = new MemoryBroker().connect();
  for (let input = 0; input < 3; input++) await log.put(run, "work", new Uint8Array());
  await log.clearInbox(run, "work", 3);
  await log.append(run, 0, encodeFrame(frame(2)));
  const { frame: found, last } = await readSureHead(log, run);
  expect(found?.sequence).toBe(last);
});
