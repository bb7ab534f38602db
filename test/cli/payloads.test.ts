import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { atEnd } from "./support/at-end.ts";
import { type Finished, MILLRACE, millrace, start } from "./support/cli.ts";
import { projectFolder } from "./support/folder.ts";

const LARGE = `
import { flow } from "millrace";
export const large = flow("large", async (ctx, size: number) => {
  await ctx.step("make", () => "x".repeat(size));
  return ctx.step("small", () => "made " + size);
});
export const wrong = flow("wrong", async () => {
  throw new Error("a secret reason");
});
`;

const PAYLOADS = `
import { aesGcmCodec } from "millrace";
export const codec = aesGcmCodec({ keys: { a: Buffer.alloc(32, 1) }, current: "a" });
`;

let folder: string;
let url: string;

beforeAll(async () => {
  folder = await projectFolder({
    "flows.ts": LARGE,
    "payloads.ts": PAYLOADS,
    "empty.ts": "export {};",
  });
  const server = await startNatsServer({ storeDir: join(folder, "nats") });
  url = server.url;
  atEnd(async () => server.stop());
});

/** Runs a command on the test's broker, in a namespace. */
async function run(namespace: string, ...args: readonly string[]): Promise<Finished> {
  const env = { NATS_URL: url, MILLRACE_NAMESPACE: namespace };
  return millrace(args, { cwd: folder, env });
}

async function serving(namespace: string, ...args: readonly string[]): Promise<void> {
  const where = ["-s", url, "-n", namespace, ...args];
  const worker = start([MILLRACE, "serve", "flows.ts", ...where], { cwd: folder });
  await worker.wrote(/Serving/);
}

test("show says where a large value is, and events do too", async () => {
  await serving("plain");
  await run("plain", "submit", "large", "2000000", "-k", "l", "--wait");
  const shown = await run("plain", "show", "large:l", "--json");
  const { steps } = JSON.parse(shown.stdout);
  const blob = /^<blob of 2000002 bytes in jetstream: [0-9a-f]{64}>$/;
  expect(steps[0].output).toMatch(blob);
  expect(steps[1].output).toBe("made 2000000");
  const events = await run("plain", "events", "large:l");
  expect(events.stdout).toContain("<blob of 2000002 bytes in jetstream: ");
});

test("without the codec a value is told to be encoded, and result says what to give; with it both are read", async () => {
  const withCodec = ["--payloads", "payloads.ts"];
  await serving("secret", ...withCodec);
  await run("secret", "submit", "large", "5", "-k", "s", "--wait", ...withCodec);
  const blind = await run("secret", "show", "large:s");
  expect(blind).toMatchObject({ code: 0 });
  expect(blind.stdout).toContain("<encoded by aes-gcm, ");
  const refused = await run("secret", "result", "large:s");
  expect(refused).toMatchObject({ code: 7, stdout: "" });
  expect(refused.stderr).toMatch(/codec aes-gcm, which this process does not know.*--payloads/s);
  const seeing = await run("secret", "result", "large:s", ...withCodec);
  expect(seeing).toMatchObject({ code: 0, stdout: '"made 5"\n' });
  const events = await run("secret", "events", "large:s", ...withCodec);
  expect(events.stdout).toContain("xxxxx");
});

test("an error that is encoded shows only to who has the codec", async () => {
  const withCodec = ["--payloads", "payloads.ts"];
  await serving("failing", ...withCodec);
  await run("failing", "submit", "wrong", "-k", "w", "--wait", ...withCodec);
  const blind = await run("failing", "show", "wrong:w");
  expect(blind.stdout + blind.stderr).not.toContain("a secret reason");
  expect(blind.stdout).toContain("codec aes-gcm");
  const seeing = await run("failing", "show", "wrong:w", ...withCodec);
  expect(seeing.stdout).toContain("a secret reason");
});

test("a file of --payloads that is not there, or exports nothing of use, is wrong use", async () => {
  const missing = await run("plain", "show", "large:l", "--payloads", "nowhere.ts");
  expect(missing).toMatchObject({ code: 2 });
  expect(missing.stderr).toContain("There is no file");
  const empty = await run("plain", "show", "large:l", "--payloads", "empty.ts");
  expect(empty).toMatchObject({ code: 2 });
  expect(empty.stderr).toContain("exports none of codec");
});
