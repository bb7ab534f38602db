/** A check's report for CI, its choice of runs, and threads that the code of users breaks. */
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import type { CheckTask } from "../../../src/cli/check/check-messages.ts";
import { CheckPool } from "../../../src/cli/check/check-pool.ts";
import { escapeXml, junitOf } from "../../../src/cli/check/junit.ts";
import { packRun, unpackRun } from "../../../src/cli/check/packed-run.ts";
import { Sample } from "../../../src/cli/check/sample.ts";
import type { CheckCause, CheckReport } from "../../../src/debug/index.ts";
import type { Stored } from "../../../src/ports/run-log.ts";
import { encodeSubmission } from "../../../src/wire/submission-codec.ts";
import { encodeValue } from "../../../src/wire/value-codec.ts";
import { notWellFormed } from "../../debug/support/well-formed.ts";
import { projectFolder } from "../support/folder.ts";

const cause = (changes: Partial<CheckCause>): CheckCause => ({
  kind: "parks",
  flow: "order",
  text: "recorded is a#1",
  hint: "",
  place: "",
  runs: 1,
  examples: ["order:1"],
  ...changes,
});

test("JUnit has a suite for each flow, a case for each cause, and one for all that fit", () => {
  const report: CheckReport = {
    runs: 12,
    fits: 7,
    fitsByFlow: { order: 7, gone: 0 },
    causes: [
      cause({ runs: 3, hint: "It was <renamed>.", place: "flows.ts:4" }),
      cause({ kind: "no-code", flow: "gone", text: "no flow" }),
      cause({ kind: "unreadable", flow: "", text: "damaged", examples: ["a.mrun"] }),
    ],
  };
  const xml = junitOf(report, 1.5);
  expect(xml).toContain('<testsuites name="millrace check" tests="4" failures="1" errors="2"');
  expect(xml).toContain('<testsuite name="order" tests="2" failures="1" errors="0">');
  expect(xml).toContain('<testcase classname="order" name="7 runs fit"/>');
  expect(xml).toContain('<failure type="parks" message="It was &lt;renamed&gt;.">');
  expect(xml).toContain('<testsuite name="files" tests="1" failures="0" errors="1">');
  expect(notWellFormed(xml.replace(/^<\?xml.*\?>\n/, ""))).toBeUndefined();
});

test("whatever is in names and messages, JUnit is well-formed XML", () => {
  const text = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(text, text, text, (flow, said, hint) => {
      const own = cause({ flow, text: said, hint, place: said, examples: [hint] });
      const report = { runs: 1, fits: 1, fitsByFlow: { [flow]: 1 }, causes: [own] };
      const xml = junitOf(report, 0).replace(/^<\?xml.*\?>\n/, "");
      expect(notWellFormed(xml)).toBeUndefined();
    }),
  );
  expect(escapeXml('a\u0000b\ud800c<&">')).toBe("a\ufffdb\ufffdc&lt;&amp;&quot;&gt;");
});

function taken(seed: string, from: readonly string[]): readonly string[] {
  const sample = new Sample<string>(20, seed);
  for (const id of from) sample.add(id, id);
  return sample.items;
}

test("a sample depends on its seed, and not on the order in which the runs come", () => {
  const ids = Array.from({ length: 5_000 }, (_, at) => `order:${at}`);
  expect(taken("0", ids)).toHaveLength(20);
  expect(taken("0", ids.toReversed())).toEqual(taken("0", ids));
  expect(taken("1", ids)).not.toEqual(taken("0", ids));
  expect(new Set(taken("0", ids.slice(0, 3)))).toEqual(new Set(ids.slice(0, 3)));
});

function stored(subject: string, sequence: number, data: Uint8Array): Stored {
  return { subject, partition: 3, sequence, data };
}

test("a run that goes to another thread comes there as it was", () => {
  const all = Buffer.from("a longer message of which only parts are meant");
  const run = {
    submission: stored("new", 4, all.subarray(2, 8)),
    inbox: [stored("in", 5, all.subarray(0, 0)), stored("in", 9, all.subarray(9, 16))],
    history: [stored("h", 7, all.subarray(30))],
  };
  const packed = packRun("order:1", run);
  expect(packed.bytes.byteLength).toBe(6 + 7 + all.length - 30);
  const unpacked = unpackRun(structuredClone(packed));
  const texts = (of: typeof run) =>
    [of.submission, ...of.inbox, ...of.history].map((one) => ({
      ...one,
      data: Buffer.from(one.data).toString(),
    }));
  expect(
    texts({ ...unpacked, inbox: [...unpacked.inbox], history: [...unpacked.history] }),
  ).toEqual(texts(run));
  expect(unpacked.inbox).toHaveLength(2);
});

function pendingRun(key: string): CheckTask {
  const data = encodeSubmission({
    runId: `f:${key}`,
    queue: "f",
    submissionId: key,
    input: encodeValue(key, "it"),
    tags: [],
    metadata: {},
    attributes: {},
    submittedAt: 1,
    replyTo: "",
    isKeyNew: false,
    parent: undefined,
    startAt: 0,
    deadlineAt: 0,
  });
  const run = { submission: stored("new", 1, data), inbox: [], history: [] };
  return { kind: "run", packed: packRun(`f:${key}`, run) };
}

test("code that hangs or ends the process loses its own run, and no other", async () => {
  const folder = await projectFolder({
    "flows.ts": `import { flow } from "millrace";
      export const f = flow("f", async (ctx, how: string) => {
        if (how === "exit") process.exit(0);
        for (; how === "hang"; );
      });`,
  });
  const { pool, names } = await CheckPool.open(1, {
    flowFile: join(folder, "flows.ts"),
    payloadsFile: undefined,
    silenceMs: 5_000,
  });
  onTestFinished(() => pool.close());
  expect(names).toEqual(["f"]);
  const keys = ["one", "hang", "two", "exit", "three", "four"];
  const checked = await Promise.all(keys.map((key) => pool.check(pendingRun(key))));
  expect(checked).toEqual([
    { run: "f:one", flow: "f", verdict: "fits" },
    expect.objectContaining({
      run: "f:hang",
      verdict: "unreadable",
      why: expect.stringContaining("within 5 s"),
    }),
    { run: "f:two", flow: "f", verdict: "fits" },
    expect.objectContaining({ run: "f:exit", why: "the code ended the process" }),
    { run: "f:three", flow: "f", verdict: "fits" },
    { run: "f:four", flow: "f", verdict: "fits" },
  ]);
});

test("a file that cannot be loaded is refused before anything is checked", async () => {
  const folder = await projectFolder({ "broken.ts": "export const a = (" });
  const open = (file: string): Promise<unknown> =>
    CheckPool.open(2, {
      flowFile: join(folder, file),
      payloadsFile: undefined,
      silenceMs: 60_000,
    });
  await expect(open("broken.ts")).rejects.toMatchObject({ code: "FILE_NOT_LOADED" });
  await expect(open("none.ts")).rejects.toMatchObject({ code: "FILE_NOT_READABLE" });
});
