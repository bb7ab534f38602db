/** What is no whole bundle is refused with one kind of error, whatever it is; a property over changed bytes. */
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readBundle } from "../../src/bundle/read-bundle.ts";
import { BundleUnreadableError, Millrace, signal } from "../../src/index.ts";
import { MemoryBroker } from "../../src/testing/memory-broker.ts";

async function bundle(): Promise<Uint8Array> {
  const millrace = new Millrace(new MemoryBroker().connect());
  const run = await millrace.submit("some", { text: "of a run" }, { key: "k" });
  await run.signal(signal<number>("go"), 1);
  return millrace.export(run.id);
}

test("a bundle with any byte changed, cut off, or put in is refused, or says the same", async () => {
  const bytes = await bundle();
  const whole = JSON.stringify((await readBundle(bytes)).submission);
  const damage = fc.record({
    at: fc.nat(bytes.length - 1),
    cut: fc.nat(3),
    put: fc.uint8Array({ maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(damage, async ({ at, cut, put }) => {
      const changed = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]);
      const read = await readBundle(changed).catch((error: unknown) => error);
      if (read instanceof BundleUnreadableError) return;
      // Bytes of gzip's own that say nothing of what is in it.
      expect(JSON.stringify((read as Awaited<ReturnType<typeof readBundle>>).submission)).toBe(
        whole,
      );
    }),
    { numRuns: 300 },
  );
});

test("any lines in gzip are refused, never read in part", async () => {
  const lines = (await gunzip(await bundle())).split("\n").filter((line) => line !== "");
  const line = fc.oneof(fc.constantFrom(...lines), fc.json(), fc.string());
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 6 }), async (some) => {
      const text = some.map((one) => `${one}\n`).join("");
      fc.pre(text !== `${lines.join("\n")}\n`);
      await expect(readBundle(gzipSync(text))).rejects.toBeInstanceOf(BundleUnreadableError);
    }),
    { numRuns: 200 },
  );
});

test.each([
  ["nothing", Buffer.from("")],
  ["text", Buffer.from("hello")],
  ["another gzip", gzipSync("hello\n")],
])("%s is no bundle, and the error names the file", async (_, bytes) => {
  await expect(readBundle(bytes, { name: "a.mrun" })).rejects.toMatchObject({
    code: "BUNDLE_UNREADABLE",
    message: expect.stringContaining("a.mrun cannot be read as a run's bundle"),
  });
});

test("a file that unpacks to more than it may is given up on the way, in one line or in many", async () => {
  const limits = { unpackedBytes: 1_000_000, messages: 10 };
  const bomb = gzipSync(Buffer.alloc(50_000_000, 0x20));
  await expect(readBundle(bomb, { limits })).rejects.toThrow(
    "It unpacks to more than 1000000 bytes",
  );
  const [header = ""] = (await gunzip(await bundle())).split("\n");
  const line = '{"kind":"in","subject":"s","sequence":1,"base64":""}\n';
  const many = gzipSync(`${header}\n${line.repeat(20)}`);
  await expect(readBundle(many, { limits })).rejects.toThrow("It has more than 10 messages");
});

async function gunzip(bytes: Uint8Array): Promise<string> {
  return gunzipSync(bytes).toString();
}
