/** Slots that come with a run which a worker tries to take over. */
import { pino } from "pino";
import { expect, test, vi } from "vitest";
import type { SlotRequest } from "../../src/engine/slot-table.ts";
import { systemClock } from "../../src/ports/clock.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";
import { SlotSet } from "../../src/worker/slot-set.ts";

const limits = () => ({ limit: 1, rate: undefined });

/** Views of one slot, a worker's each. */
function views(...workers: readonly string[]): readonly SlotSet[] {
  const clock = systemClock;
  const broker = new MemoryBroker();
  const parts = { key: "slots.test", label: "test", clock, log: pino({ level: "silent" }) };
  return workers.map((worker) => {
    const connection = broker.connect();
    // The first write of this one is stored, and its confirmation is lost.
    if (worker === "unconfirmed") {
      const write = connection.control.write.bind(connection.control);
      vi.spyOn(connection.control, "write").mockImplementationOnce(async (...record) => {
        await write(...record);
        return { status: "unknown", cause: new Error("lost") };
      });
    }
    return new SlotSet({ ...parts, worker, broker: connection, limits, onChange: () => undefined });
  });
}

function request(run: string, worker: string, takesOver = false): SlotRequest {
  return { run, worker, takesOver, starts: !takesOver, isActive: false };
}

async function holders(set: SlotSet): Promise<readonly string[]> {
  await set.look();
  return set.holders.map(({ run, worker }) => `${run} ${worker}`);
}

test("a slot goes back to the run's holder when somebody fails to take the run over", async () => {
  const [holder, other, third] = views("a", "b", "c") as [SlotSet, SlotSet, SlotSet];
  expect(await holder.take(request("held", "a"))).toBeUndefined();
  expect(await other.take(request("held", "b", true))).toBeUndefined();
  other.giveBack({ run: "held", worker: "b" });
  await other.settled();

  // The run is active all the time.
  expect(await third.take(request("next", "c"))).toMatchObject({ reason: "limit" });
  expect(await holders(third)).toEqual(["held a"]);
  holder.free({ run: "held", worker: "a" });
  await holder.settled();
  await third.look();
  expect(await third.take(request("next", "c"))).toBeUndefined();
});

test("who takes a run over while another one gives up keeps its slot", async () => {
  const [holder, late, heir] = views("a", "b", "c") as [SlotSet, SlotSet, SlotSet];
  await holder.take(request("held", "a"));
  await late.take(request("held", "b", true));
  await heir.take(request("held", "c", true));
  late.giveBack({ run: "held", worker: "b" });
  await late.settled();
  expect(await holders(heir)).toEqual(["held c"]);
});

test("what a worker took over for good is free when it is done, and so is what it took anew and did not use", async () => {
  const [holder, heir] = views("a", "b") as [SlotSet, SlotSet];
  await holder.take(request("held", "a"));
  await heir.take(request("held", "b", true));
  heir.free({ run: "held", worker: "b" });
  await heir.settled();
  expect(await holders(heir)).toEqual([]);
  await heir.take(request("next", "b"));
  heir.giveBack({ run: "next", worker: "b" });
  await heir.settled();
  expect(await holders(heir)).toEqual([]);
});

test("a slot that was taken by a write which was not confirmed goes back to the run's holder too", async () => {
  const [holder, other] = views("a", "unconfirmed") as [SlotSet, SlotSet];
  await holder.take(request("held", "a"));
  expect(await other.take(request("held", "unconfirmed", true))).toBeUndefined();
  other.giveBack({ run: "held", worker: "unconfirmed" });
  await other.settled();
  expect(await holders(holder)).toEqual(["held a"]);
});
