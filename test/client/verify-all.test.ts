import { expect, test } from "vitest";
import { Millrace } from "../../src/client/millrace.ts";
import { flow } from "../../src/definition/flow.ts";
import { parseRunId } from "../../src/engine/run-id.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { encodeFrame } from "../../src/wire/frame-codec.ts";

async function verdicts(millrace: Millrace) {
  const found: unknown[] = [];
  for await (const { id, flaws } of millrace.verifyAll()) {
    found.push([id, flaws.map(({ kind }) => kind)]);
  }
  return found;
}

test("bytes that are no submission are no run, and do not keep the runs from being verified", async () => {
  const millrace = new Millrace(new MemoryBroker().connect());
  const { log } = millrace.broker;
  await log.submit(parseRunId("work:garbage"), "work", new TextEncoder().encode("no submission"));
  const run = await millrace.submit(
    flow("work", async () => "done"),
    undefined,
    { key: "a" },
  );
  expect(await verdicts(millrace)).toEqual([[run.id, []]]);
});

test("a history whose submission was overwritten is told of once", async () => {
  const millrace = new Millrace(new MemoryBroker().connect());
  const { log } = millrace.broker;
  const run = parseRunId("work:a");
  await log.submit(run, "work", new TextEncoder().encode("no submission"));
  const by = { epoch: 1, writer: "w", token: 1, queue: "work" } as const;
  const event = { type: "Cancelled", at: 1, reason: "" } as const;
  const rest = { prev: 0, status: "cancelled", inboxFolded: 0, annotated: 0 } as const;
  await log.append(run, 0, encodeFrame({ ...by, ...rest, events: [event] }));
  expect(await verdicts(millrace)).toEqual([[run.id, ["submission"]]]);
  expect((await millrace.verify(run.id)).flaws).toHaveLength(1);
});
