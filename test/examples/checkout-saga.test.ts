import { beforeAll, expect, test } from "vitest";
import type { Millrace, RunDetails } from "../../src/index.ts";
import type { Finished } from "../cli/support/cli.ts";
import { openBroker, startExample } from "./support/example.ts";

let millrace: Millrace;
let finished: Finished;

beforeAll(async () => {
  const broker = await openBroker();
  millrace = broker.millrace;
  finished = await startExample(broker.url, "checkout-saga").finished;
});

/** What is recorded of the order for this item. */
async function recorded(item: string): Promise<RunDetails> {
  const [id = ""] = new RegExp(`order:${item}-\\w+`).exec(finished.stdout) ?? [];
  return millrace.attach(id).details();
}

function completedSteps({ steps }: RunDetails): readonly string[] {
  return steps.flatMap(({ id, status }) => (status === "completed" ? [id] : []));
}

test("the program ends by itself, without an error", () => {
  expect(finished).toMatchObject({ code: 0, stderr: "" });
});

test("an approved order is shipped, and nothing of it is undone", async () => {
  const details = await recorded("tea");
  expect(details).toMatchObject({
    status: "completed",
    output: { status: "shipped", approvedBy: "ann" },
  });
  expect(completedSteps(details)).toEqual(["reserve#1", "charge#1", "ship#1"]);
  expect(details.steps.find(({ id }) => id === "charge#1")?.attempts).toHaveLength(2);
});

test("a refused order gives back the money, then the goods, and completes as refused", async () => {
  const details = await recorded("kettle");
  expect(details).toMatchObject({ status: "completed", output: { status: "refused" } });
  expect(completedSteps(details)).toEqual([
    "reserve#1",
    "charge#1",
    "charge.compensate#1",
    "reserve.compensate#1",
  ]);
  expect(finished.stdout).toMatch(/4900 cents refunded[^]*kettle is back on shelf B7/);
});

test("an order that is called off while it waits is undone the same way, and ends as cancelled", async () => {
  const details = await recorded("cup");
  expect(details.status).toBe("cancelled");
  expect(completedSteps(details).slice(-2)).toEqual([
    "charge.compensate#1",
    "reserve.compensate#1",
  ]);
  expect(finished.stdout).toContain("was cancelled: the customer called");
});
