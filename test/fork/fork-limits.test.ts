import { expect, test } from "vitest";
import { flow } from "../../src/definition/flow.ts";
import { TestEngine } from "../../src/testing/index.ts";

test.each([
  [1, 1],
  [2, 2],
])("with a limit of %i for a key, %i forks execute at once", async (limit, most) => {
  const busy = { now: 0, most: 0 };
  const work = flow(
    "work",
    { concurrency: { key: (customer: string) => customer, limit } },
    async (ctx) => ctx.step("do", () => "done"),
  );
  await using engine = await TestEngine.start({ flows: [work] });
  engine.mock("do", async (info) => {
    busy.most = Math.max(busy.most, ++busy.now);
    await info.takes("1m");
    busy.now--;
    return "done";
  });
  const run = await engine.submit(work, "ann");
  await run.result();
  const keys = ["a", "b", "c", "d"];
  const forks = await Promise.all(keys.map((key) => run.handle.fork({ from: "do", key })));
  for (const { id } of forks) expect(await engine.run(id).result()).toBe("done");
  expect(busy.most).toBe(most);
});
