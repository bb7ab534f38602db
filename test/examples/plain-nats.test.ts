import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openBroker, startExample } from "./support/example.ts";

test("a program that has NATS and nothing of Millrace starts runs, signals and cancels, and hears how they end", async () => {
  const { url, millrace } = await openBroker();
  const { code, stdout, stderr } = await startExample(url, "plain-nats").finished;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const [first = "", keyed = ""] = [...stdout.matchAll(/^submitted (\S+)$/gm)].map(([, id]) => id);
  expect(first).toMatch(/^invoice:ingress-\d+$/);
  expect(stdout).toContain(`${first} completed (event `);
  expect(stdout).toContain(`${keyed} cancelled: sent in error (event `);

  const paid = await millrace.attach(first).details();
  expect(paid).toMatchObject({ status: "completed", output: { customer: "ada", paid: 900 } });
  const calledOff = await millrace.attach(keyed).details();
  expect(calledOff).toMatchObject({ status: "cancelled", tags: ["origin:plain"] });
});

test.each(["submit.mjs", "submit.py"])("%s imports nothing of Millrace", async (file) => {
  const folder = join(import.meta.dirname, "..", "..", "examples", "plain-nats");
  const text = await readFile(join(folder, file), "utf8");
  const imports = text.split("\n").filter((line) => /^(?:import|from)\b/.test(line));
  expect(imports.length).toBeGreaterThan(0);
  expect(imports.filter((line) => /millrace|\.\.\//.test(line))).toEqual([]);
});
