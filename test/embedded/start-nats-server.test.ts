import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { expect, onTestFinished, test } from "vitest";
import { processCommand } from "../../src/embedded/process-command.ts";
import { readServerInfo } from "../../src/embedded/read-server-info.ts";
import { runCommand } from "../../src/embedded/run-command.ts";
import {
  type NatsServer,
  type StartNatsServerOptions,
  startNatsServer,
} from "../../src/embedded/start-nats-server.ts";
import { spawnFixture } from "./support/spawn-fixture.ts";
import { tempDir } from "./support/temp-dir.ts";
import { writeProgram } from "./support/write-program.ts";

async function start(options: StartNatsServerOptions): Promise<NatsServer> {
  const server = await startNatsServer(options);
  onTestFinished(async () => server.kill());
  return server;
}

async function connectTo(server: NatsServer): Promise<NatsConnection> {
  const connection = await connect({ servers: server.url, reconnect: false });
  onTestFinished(async () => connection.close());
  return connection;
}

async function storeMessage(server: NatsServer): Promise<void> {
  const connection = await connectTo(server);
  const stream = { name: "KEEP", subjects: ["keep.>"], storage: "file" };
  await ask(connection, "$JS.API.STREAM.CREATE.KEEP", JSON.stringify(stream));
  await ask(connection, "keep.one", "kept");
}

async function storedMessage(server: NatsServer): Promise<string> {
  const connection = await connectTo(server);
  const query = JSON.stringify({ last_by_subj: "keep.one" });
  const { message } = await ask(connection, "$JS.API.STREAM.MSG.GET.KEEP", query);
  return Buffer.from(message?.data ?? "", "base64").toString();
}

interface JetStreamReply {
  readonly error?: { readonly description: string };
  readonly message?: { readonly data: string };
}

async function ask(
  connection: NatsConnection,
  subject: string,
  body: string,
): Promise<JetStreamReply> {
  const reply: JetStreamReply = (
    await connection.request(subject, body, { timeout: 30_000 })
  ).json();
  if (reply.error !== undefined) throw new Error(reply.error.description);
  return reply;
}

test("a started server takes clients at once, with JetStream, on the url it tells", async () => {
  const server = await start({ storeDir: await tempDir(), serverName: "tester" });
  expect(server.url).toBe(`nats://127.0.0.1:${server.port}`);
  const connection = await connectTo(server);
  expect(connection.info).toMatchObject({ server_name: "tester", jetstream: true });
  expect(connection.info?.server_id).toBe(server.serverId);
  expect(server.logs()).toContain("Server is ready");
});

test("ten servers started together each get a port of their own", async () => {
  const dirs = await Promise.all(Array.from({ length: 10 }, tempDir));
  const servers = await Promise.all(dirs.map(async (storeDir) => start({ storeDir })));
  expect(new Set(servers.map(({ port }) => port)).size).toBe(10);
});

test("stop ends the process in order, and stopping twice is no error", async () => {
  const server = await start({ storeDir: await tempDir() });
  await Promise.all([server.stop(), server.stop()]);
  await server.stop();
  expect(await server.exited).toEqual({ code: 0, signal: null });
  expect(server.logs()).toContain("Server Exiting");
  await expect(readServerInfo("127.0.0.1", server.port, 30_000)).rejects.toThrow("ECONNREFUSED");
});

test("a server that was stopped and started on the same port and store has what it had", async () => {
  const storeDir = await tempDir();
  const first = await start({ storeDir });
  await storeMessage(first);
  await first.stop();
  const second = await start({ storeDir, port: first.port });
  expect(second.url).toBe(first.url);
  expect(second.serverId).not.toBe(first.serverId);
  expect(await storedMessage(second)).toBe("kept");
});

test("a server that was killed and started again has what it had acknowledged", async () => {
  const storeDir = await tempDir();
  const first = await start({ storeDir, syncInterval: "always" });
  await storeMessage(first);
  await first.kill();
  expect(await first.exited).toEqual({ code: null, signal: "SIGKILL" });
  const second = await start({ storeDir, port: first.port });
  expect(await storedMessage(second)).toBe("kept");
});

test("leaving an `await using` scope stops the server", async () => {
  const storeDir = await tempDir();
  let exited: NatsServer["exited"];
  {
    await using server = await startNatsServer({ storeDir });
    exited = server.exited;
  }
  expect(await exited).toEqual({ code: 0, signal: null });
});

test("options reach the server", async () => {
  const server = await start({
    storeDir: await tempDir(),
    maxPayloadBytes: 2_000_000,
    syncInterval: "10s",
    configLines: ["max_connections: 7"],
  });
  const connection = await connectTo(server);
  expect(connection.info?.max_payload).toBe(2_000_000);
  const config = await readFile(join(server.storeDir, "nats-server.conf"), "utf8");
  expect(config).toContain('sync_interval: "10s"');
  expect(config).toContain("max_connections: 7");
});

test("a port that is taken is an error that names it", async () => {
  const other = createServer();
  const port = await new Promise<number>((resolve) => {
    other.listen(0, "127.0.0.1", () => {
      const address = other.address();
      resolve(address !== null && typeof address === "object" ? address.port : 0);
    });
  });
  onTestFinished(() => void other.close());
  await expect(startNatsServer({ storeDir: await tempDir(), port })).rejects.toMatchObject({
    code: "NATS_SERVER_PORT_IN_USE",
    message: expect.stringContaining(`127.0.0.1:${port}`),
  });
});

test("a second server on the same store is refused while the first one runs", async () => {
  const storeDir = await tempDir();
  const first = await start({ storeDir });
  await expect(startNatsServer({ storeDir })).rejects.toMatchObject({
    code: "NATS_SERVER_STORE_IN_USE",
    message: expect.stringContaining(String(first.pid)),
  });
});

test("the process id of a former server that belongs to another program now is no obstacle", async () => {
  const storeDir = await tempDir();
  await writeFile(join(storeDir, "nats-server.pid"), String(process.pid));
  const server = await start({ storeDir });
  expect(server.pid).not.toBe(process.pid);
});

test("a configuration that the server refuses is an error with what it said", async () => {
  await expect(
    startNatsServer({ storeDir: await tempDir(), configLines: ["max_payload: nonsense"] }),
  ).rejects.toMatchObject({
    code: "NATS_SERVER_NOT_READY",
    message: expect.stringMatching(
      /ended while it started \(exit code 1\)[^]*nats-server\.conf:\d+:\d+: /,
    ),
  });
});

test("a binary that does not exist is an error with what the shell said", async () => {
  const storeDir = await tempDir();
  await expect(
    startNatsServer({ storeDir, binary: join(storeDir, "missing") }),
  ).rejects.toMatchObject({
    code: "NATS_SERVER_NOT_READY",
    message: expect.stringContaining("exit code 127"),
  });
});

test("a server that never becomes ready is ended, and the error tells its last words", async () => {
  const dir = await tempDir();
  const binary = await writeProgram(
    join(dir, "never-ready"),
    `echo "still warming up" >&2; echo $$ > ${dir}/pid; exec tail -f /dev/null`,
  );
  await expect(
    startNatsServer({ storeDir: join(dir, "store"), binary, readyTimeoutMs: 3_000 }),
  ).rejects.toMatchObject({
    code: "NATS_SERVER_NOT_READY",
    message: expect.stringMatching(/not ready within 3000 ms[^]*still warming up/),
  });
  expect(await processCommand(Number(await readFile(join(dir, "pid"), "utf8")))).toBeUndefined();
});

test("an abort ends a start that is under way", async () => {
  const dir = await tempDir();
  const binary = await writeProgram(join(dir, "never-ready"), "exec tail -f /dev/null");
  const reason = new Error("enough");
  const abort = new AbortController();
  const starting = startNatsServer({ storeDir: join(dir, "store"), binary, signal: abort.signal });
  abort.abort(reason);
  await expect(starting).rejects.toBe(reason);
});

test("a server dies with its parent, even when that is killed with -9", async () => {
  const storeDir = await tempDir();
  const parent = spawnFixture("hold-server.ts", storeDir);
  const { pid, port } = await parent.nextReport();
  expect((await readServerInfo("127.0.0.1", port, 30_000)).jetStream).toBe(true);
  parent.child.kill("SIGKILL");
  await parent.exited();
  await expect.poll(async () => processCommand(pid)).toBeUndefined();
  // And its store can be used at once.
  await start({ storeDir, port });
});

test("a Ctrl-C reaches the parent and not the server", async () => {
  const parent = spawnFixture("hold-server.ts", await tempDir());
  const { port } = await parent.nextReport();
  // A terminal sends it to the whole process group.
  process.kill(-(parent.child.pid ?? Number.NaN), "SIGINT");
  expect(await parent.nextLine()).toBe("interrupted");
  expect((await readServerInfo("127.0.0.1", port, 30_000)).jetStream).toBe(true);
});

test("the watcher of a server goes when the server has ended", async () => {
  const server = await start({ storeDir: await tempDir() });
  const watchers = await watchersOf(server.pid);
  expect(watchers.length).toBe(1);
  await server.stop();
  await expect.poll(async () => Promise.all(watchers.map(processCommand))).toEqual([undefined]);
});

async function watchersOf(pid: number): Promise<readonly number[]> {
  const table = await runCommand({
    file: "ps",
    args: ["-A", "-o", "pid=,ppid="],
    timeoutMs: 60_000,
  });
  return table
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []));
}
