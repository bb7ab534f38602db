/** Values that cannot be stored are refused with a typed error at the edge, and kill nobody (I11). */
import { expect, test } from "vitest";
import { type TestBed, testBeds } from "./support/test-bed.ts";

const beds = testBeds();
const MEGABYTE = 1_048_576;

test("an input that cannot be stored, and metadata that are too large, are refused before anything is sent (I11)", async () => {
  const bed = await beds.open();
  const refused: readonly [input: unknown, code: string][] = [
    [{ call: () => 1 }, "NOT_SERIALIZABLE"],
    [Symbol("s"), "NOT_SERIALIZABLE"],
    [{ deep: [{ at: new AbortController() }] }, "NOT_SERIALIZABLE"],
  ];
  for (const [input, code] of refused) {
    await expect(bed.millrace.submit("values", input, { key: "k" })).rejects.toMatchObject({
      code,
    });
  }
  const metadata = { note: "x".repeat(2 * MEGABYTE) };
  const tooLarge = bed.millrace.submit("values", 1, { key: "k", metadata });
  await expect(tooLarge).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
  await expect(bed.millrace.attach("values:k").state()).rejects.toMatchObject({
    code: "RUN_NOT_FOUND",
  });
});

test("names and keys that must not reach a subject are refused, and other unusual keys come back as they are (I11)", async () => {
  const bed = await beds.open();
  await bed.worker("gated");
  for (const key of ["", "a\r\nb", "\0", "x".repeat(10_240), "é".repeat(65), "\ud800"]) {
    await expect(bed.millrace.submit("quick", 1, { key })).rejects.toMatchObject({
      code: "INVALID_NAME",
    });
  }
  for (const name of ["..", "*", ">", "a b", "a.b", "", "é", "x".repeat(129)]) {
    const refused = { code: "INVALID_NAME" };
    await expect(bed.millrace.submit(name, 1)).rejects.toMatchObject(refused);
    await expect(bed.millrace.submit("quick", 1, { queue: name })).rejects.toMatchObject(refused);
  }
  const keys = ["..", "*", ">", "a b", "a.b", "é✓", "--2a", "-", ".", "mr.>", "x".repeat(128)];
  const runs = await Promise.all(keys.map((key) => bed.millrace.submit("quick", key, { key })));
  expect(runs.map(({ id }) => id)).toEqual(keys.map((key) => `quick:${key}`));
  expect(await Promise.all(runs.map((run) => run.result({ timeout: "60s" })))).toEqual(keys);
});

test.for(["step", "flow"])(
  "a value of a %s that cannot be stored fails its run with the reason (I11)",
  async (of) => {
    const bed = await beds.open();
    const worker = await bed.worker("values");
    const reasons = {
      function: { code: "NOT_SERIALIZABLE", path: "value.call" },
      instance: { code: "NOT_SERIALIZABLE", path: "value.at" },
      "huge error": { message: expect.stringMatching(/^x{8192}… \(cut\)$/) },
      "thrown nothing": { message: expect.stringContaining("undefined") },
      "thrown cycle": { message: "round and round" },
    };
    for (const [what, cause] of Object.entries(reasons)) {
      const failed = { code: "RUN_FAILED", cause };
      await expect(resultOf(bed, { of, what })).rejects.toMatchObject(failed);
    }
    expect(await resultOf(bed, { of, what: "huge" })).toBe("x".repeat(2 * MEGABYTE));
    expect(await resultOf(bed, { of, what: "rich" })).toEqual({
      at: new Date(0),
      set: new Set([1n, undefined]),
      bytes: new Uint8Array([1, 2]),
    });
    expect(worker.isAlive).toBe(true);
  },
);

async function resultOf(bed: TestBed, input: object): Promise<unknown> {
  const run = await bed.millrace.submit("values", input);
  return run.result({ timeout: "60s" });
}
