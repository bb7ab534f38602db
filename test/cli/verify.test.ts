import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect as connectRaw, type NatsConnection } from "@nats-io/transport-node";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readRecordedRun } from "../../src/client/recorded-runs.ts";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { parseRunId } from "../../src/engine/run-id.ts";
import { connect, flow, type Millrace, serve, type Verdict } from "../../src/index.ts";
import type { Stored } from "../../src/ports/run-log.ts";
import { streamName } from "../../src/wire/subjects.ts";
import { millrace as cli } from "./support/cli.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-verify-"));
const storeDir = join(folder, "store");
let server: NatsServer;
let millrace: Millrace;
let connection: NatsConnection;
let manager: JetStreamManager;
let namespace: string;
let spaces = 0;

const trip = flow("trip", {}, async (ctx, input: string) => {
  for (let n = 1; n <= 5; n++) await ctx.step("leg", () => `${input} leg ${n}`);
  return input;
});

beforeAll(async () => {
  server = await startNatsServer({ storeDir });
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  namespace = `verify-${++spaces}`;
  await open();
  const worker = await serve([trip], { connection: millrace, log: pino({ level: "silent" }) });
  for (const key of ["a", "b", "c"]) {
    const run = await millrace.submit(trip, `of ${key}`, { key });
    await run.result();
  }
  await worker.drain();
  return close;
});

async function open(): Promise<void> {
  millrace = await connect({ servers: server.url, namespace });
  connection = await connectRaw({ servers: server.url });
  manager = await jetstreamManager(connection);
}

async function close(): Promise<void> {
  await millrace.close();
  await connection.close();
}

describe("millrace verify", () => {
  test("finds nothing wrong with runs that only Millrace wrote to, and says so", async () => {
    const one = await verify("trip:a");
    expect(one.stdout).toMatch(/^trip:a: completed, \d+ frames: nothing is wrong\.\n$/);
    expect(one.code).toBe(0);
    const all = await verify("--all", "--blobs", "--json");
    const found = await Promise.all(["a", "b", "c"].map(frames));
    const counts = { runs: 3, frames: found.flat().length, unchecked: 0, flawed: 0, flaws: 0 };
    expect(JSON.parse(all.stdout)).toEqual(counts);
  });

  test("names a frame that somebody deleted, among all runs", async () => {
    const frame = (await frames("b"))[2] as Stored;
    await manager.streams.deleteMessage(stream(), frame.sequence);
    const { code, stdout } = await verify("--all", "--json");
    const [flawed, counts] = documents(stdout);
    expect(flawed).toMatchObject({
      id: "trip:b",
      flaws: [{ kind: "missing-frame", sequence: frame.sequence }],
    });
    expect(counts).toMatchObject({ runs: 3, flawed: 1, flaws: 1 });
    expect(code).toBe(6);
  });

  test("finds a frame that was put there by copying one", async () => {
    const frame = (await frames("b"))[2] as Stored;
    await connection.request(subject("b"), frame.data, { timeout: 30_000 });
    const verdict = await millrace.verify("trip:b");
    expect(verdict.flaws.map(({ kind }) => kind)).toEqual(["stray-frame"]);
  });

  test("finds a frame in whose place another one was put that differs by one character", async () => {
    const last = (await frames("b")).at(-1) as Stored;
    const altered = Buffer.from(last.data);
    altered.write("x", altered.indexOf("of b"));
    await manager.streams.deleteMessage(stream(), last.sequence);
    await connection.request(subject("b"), altered);
    const { code, stdout } = await verify("trip:b");
    expect(stdout).toMatch(/^ {2}altered-frame: Frame \d+ was altered: its checksum/m);
    expect(code).toBe(6);
  });

  test("finds the frame that the broker does not give because a byte of it was changed on the disk", async () => {
    const text = Buffer.from("of b leg 4");
    const all = await frames("b");
    const frame = all.find(({ data }) => Buffer.from(data).includes(text)) as Stored;
    await close();
    await server.stop();
    flip(text);
    server = await startNatsServer({ storeDir, port: server.port });
    await open();
    const verdict = await millrace.verify("trip:b");
    expect(verdict.flaws).toMatchObject([{ kind: "missing-frame", sequence: frame.sequence }]);
    const flawed: string[] = [];
    for await (const { id, flaws } of millrace.verifyAll()) if (flaws.length > 0) flawed.push(id);
    expect(flawed).toEqual(["trip:b"]);
  });

  test("finds a history whose submission is gone", async () => {
    const submission = await manager.streams.getMessage(stream(), {
      last_by_subj: `mr.${namespace}.0.new.trip.trip.b`,
    });
    await manager.streams.deleteMessage(stream(), submission?.seq ?? 0);
    const verdicts: Verdict[] = [];
    for await (const verdict of millrace.verifyAll()) verdicts.push(verdict);
    expect(verdicts.filter(({ flaws }) => flaws.length > 0)).toMatchObject([
      { id: "trip:b", flaws: [{ kind: "submission" }] },
    ]);
  });

  test("takes a bundle, and needs no broker then", async () => {
    const file = join(folder, "b.mrun");
    writeFileSync(file, await millrace.export("trip:b"));
    const { code, stdout } = await cli(["verify", file], { cwd: folder });
    expect(stdout).toMatch(/^trip:b: completed, \d+ frames: nothing is wrong\.\n$/);
    expect(code).toBe(0);
  });

  test("finds nothing wrong with what was archived, put back, forked and imported", async () => {
    const flaws = async (id: string, at = millrace): Promise<unknown> => {
      const verdict = await at.verify(id, { blobs: true });
      return [verdict.source, verdict.flaws];
    };
    await millrace.archive.add("trip:a", { olderThan: "1ms" });
    expect(await flaws("trip:a")).toEqual(["archive", []]);
    await millrace.archive.restore("trip:a");
    expect(await flaws("trip:a")).toEqual(["log", []]);
    const fork = await millrace.fork("trip:b", { from: "leg#3" });
    expect(await flaws(fork.id)).toEqual(["log", []]);
    await using other = await connect({ servers: server.url, namespace: `${namespace}-other` });
    for (const id of ["trip:a", "trip:c", fork.id]) {
      await other.import(await millrace.export(id));
      expect(await flaws(id, other)).toEqual(["log", []]);
    }
  });

  test("a run that is not there is exit code 3, and no run at all is wrong use", async () => {
    expect((await verify("trip:nobody")).code).toBe(3);
    expect((await verify()).code).toBe(2);
  });
});

async function frames(key: string): Promise<readonly Stored[]> {
  const read = await readRecordedRun(millrace.host, parseRunId(`trip:${key}`));
  return read?.stored.history ?? [];
}

/** Changes one bit at the first place where these bytes stand in a block. */
function flip(bytes: Uint8Array): void {
  for (const name of readdirSync(storeDir, { recursive: true }).map(String)) {
    if (!name.endsWith(".blk") || !name.includes(stream())) continue;
    const path = join(storeDir, name);
    const block = readFileSync(path);
    const at = block.indexOf(bytes);
    if (at === -1) continue;
    block[at] = (block[at] ?? 0) ^ 1;
    writeFileSync(path, block);
    return;
  }
  throw new Error("No block has it.");
}

function stream(): string {
  return streamName(namespace, 0);
}

function subject(key: string): string {
  return `mr.${namespace}.0.h.trip.${key}`;
}

function verify(...args: readonly string[]): ReturnType<typeof cli> {
  return cli(["verify", ...args, "-s", server.url, "-n", namespace], { cwd: folder });
}

function documents(stdout: string): readonly unknown[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
}
