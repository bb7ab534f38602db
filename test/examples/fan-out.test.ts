import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { atEnd } from "../cli/support/at-end.ts";
import { openBroker, startExample } from "./support/example.ts";

test("each file is counted in a run of its own; one that is missing is told, and holds up no other", async () => {
  const { url, millrace } = await openBroker();
  const folder = await mkdtemp(join(tmpdir(), "millrace-fan-out-"));
  atEnd(async () => rm(folder, { recursive: true, force: true }));
  const files = Array.from({ length: 30 }, (_, at) => join(folder, `${at}.txt`));
  for (const file of files) await writeFile(file, "five words in each file");
  const missing = join(folder, "missing.txt");

  const { code, stdout, stderr } = await startExample(url, "fan-out", missing, ...files).finished;

  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("150 words in 30 files");
  expect(stdout).toContain(`not counted: ${missing}: ENOENT`);
  const progress = [...stdout.matchAll(/^(\d+) of 31 files$/gm)].map(([, done]) => Number(done));
  expect(progress.at(-1)).toBe(31);
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  const [, id = ""] = /Run (\S+)/.exec(stdout) ?? [];
  const children = await millrace.attach(id).children();
  const ends = await Promise.all(children.map(async (child) => (await child.state()).status));
  expect(ends.filter((status) => status === "completed")).toHaveLength(30);
  expect(ends.filter((status) => status === "failed")).toHaveLength(1);
});
