import { expect, test } from "vitest";
import { flow } from "../../../src/definition/flow.ts";
import { trigger } from "../../../src/definition/trigger.ts";
import { eventually, onEveryAdapter } from "../../contract/support/on-every-adapter.ts";
import { TriggerBed } from "../support/trigger-bed.ts";

const handle = flow("handle", (_ctx, input: unknown) => input);

onEveryAdapter("a trigger on each event", (open) => {
  test("submits a run for each event that fits, with the event's data", async () => {
    const bed = await TriggerBed.open(open());
    const orders = trigger("orders", {
      on: "order.*",
      when: { if: "event.data.total > 100" },
      action: { submit: handle, input: '{"order": event.data.id}', tags: ["big"] },
    });
    await bed.serve([handle, orders]);
    for (const total of [50, 150, 250]) {
      await bed.millrace.emit("order.created", { id: `o-${total}`, total });
    }
    await eventually(async () =>
      expect(await bed.outputs("handle")).toEqual([{ order: "o-150" }, { order: "o-250" }]),
    );
    const [run] = await bed.runs("handle");
    const { tags, metadata } = (await run?.details()) ?? {};
    expect(tags).toEqual(["big", "trigger:orders"]);
    expect(metadata).toMatchObject({ "millrace.depth": "1", "millrace.trigger": "orders" });
  });
});
