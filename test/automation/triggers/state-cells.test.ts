import { expect, test } from "vitest";
import { StateCells } from "../../../src/automation/triggers/state-cells.ts";
import { onEveryAdapter } from "../../contract/support/on-every-adapter.ts";

/** More than are kept for nothing. */
const MANY = 20_100;

onEveryAdapter("states of a trigger", (open) => {
  test("a key is known when its deadline comes, however many keys came with it", async () => {
    const { control } = await open().connect();
    const cells = new StateCells(control, "trigger-state.many.1", 0);
    const cell = cells.ofKey("mine");
    for (let at = 0; at < MANY; at++) cells.ofKey(`other ${at}`);
    await cells.write(cell, { ...cell.state, recent: ["one"] });
    expect(cells.ofToken(cell.token)?.state.recent).toEqual(["one"]);
  });
});
