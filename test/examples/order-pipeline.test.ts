import { expect, test } from "vitest";
import { openBroker, startExample } from "./support/example.ts";

const ORDERS = 20;

test("each order that a shop publishes, each of them twice, is taken once, packed once, and told of", async () => {
  const { url, millrace } = await openBroker();
  const { code, stdout, stderr } = await startExample(url, "order-pipeline", String(ORDERS))
    .finished;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain(`${ORDERS} orders published, each of them twice`);
  expect(stdout).toContain("buy more of kettle");
  expect(stdout).toContain("16 parcels, 4 refused");
  expect(stdout).not.toContain("told twice");

  // The worker was stopped when the last answer came, so the last runs may not have noted that they are over.
  const runs = async (flow: string): Promise<readonly string[]> => {
    const keys = new Set<string>();
    for await (const { id, status } of millrace.list({ flow })) {
      expect(["failed", "crashed", "cancelled", "terminated"]).not.toContain(status);
      keys.add(id);
    }
    return [...keys];
  };
  expect(await runs("take-order")).toHaveLength(ORDERS);
  expect(await runs("pack-order")).toHaveLength(16);
});
