import { expect, test } from "vitest";
import { openBroker, startExample } from "./support/example.ts";

test("a run that kills its workers is told of by a webhook, once it was taken; one that failed, and those that completed, are not", async () => {
  const { url, millrace } = await openBroker();
  const { code, stdout, stderr } = await startExample(url, "crashed-webhook").finished;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  for (const file of ["a.csv", "b.csv", "e.csv"]) expect(stdout).toContain(`${file} imported`);
  expect(stdout).toMatch(/failed: .*c\.txt has no table/);
  expect(stdout).toMatch(/crashed: /);
  expect(stdout).toContain("On call: not now");
  const taken = [...stdout.matchAll(/^On call, verified: (.*)$/gm)].map(
    ([, json = ""]) => JSON.parse(json) as unknown,
  );
  expect(taken).toHaveLength(1);
  expect(taken).toMatchObject([{ flow: "import-file", tags: ["origin:backend", "file:d.bomb"] }]);
  const deliveries: string[] = [];
  for await (const { id, status } of millrace.list({ flow: "millrace-webhook" })) {
    expect(status).toBe("completed");
    deliveries.push(id);
  }
  expect(deliveries).toHaveLength(1);
});
