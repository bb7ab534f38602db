import type { ChildProcess } from "node:child_process";
import { mkdir, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EmbeddedError } from "./embedded-error.ts";
import { findNatsServer } from "./find-nats-server.ts";
import { poll } from "./poll.ts";
import { processCommand } from "./process-command.ts";
import { readServerInfo } from "./read-server-info.ts";
import {
  configFile,
  logFile,
  pidFile,
  portsDirectory,
  type SyncInterval,
  serverConfig,
} from "./server-config.ts";
import { type ServerLog, serverLog } from "./server-log.ts";
import { spawnWatched } from "./spawn-watched.ts";

/**
 * Starts a nats-server with JetStream on `storeDir` and resolves when it takes clients. It dies
 * with this process. Started again with the same `storeDir` and `port`, it goes on where it was.
 *
 * @throws {@link EmbeddedError} when no server is found or this one does not become ready
 */
export async function startNatsServer(options: StartNatsServerOptions): Promise<NatsServer> {
  const { host = "127.0.0.1", port = 0, signal } = options;
  await mkdir(options.storeDir, { recursive: true });
  const storeDir = await realpath(options.storeDir);
  const binary = options.binary ?? (await findNatsServer(options)).path;
  await waitForFormerServer(storeDir);
  await rm(portsDirectory(storeDir), { recursive: true, force: true });
  await mkdir(portsDirectory(storeDir), { recursive: true });
  const config = serverConfig({
    storeDir,
    host,
    port,
    serverName: options.serverName ?? "millrace-embedded",
    syncInterval: options.syncInterval,
    maxPayloadBytes: options.maxPayloadBytes,
    configLines: options.configLines ?? [],
  });
  // It may come to hold credentials through configLines.
  await writeFile(configFile(storeDir), config, { mode: 0o600 });
  signal?.throwIfAborted();
  const server = launch(binary, storeDir);
  try {
    const timeoutMs = options.readyTimeoutMs ?? READY_TIMEOUT_MS;
    const ready = await waitUntilReady({ server, storeDir, host, wanted: port, timeoutMs, signal });
    return {
      ...ready,
      storeDir,
      pid: server.pid,
      exited: server.exited,
      logs: () => server.log.read(),
      stop: async () => stop(server),
      kill: async () => kill(server),
      [Symbol.asyncDispose]: async () => stop(server),
    };
  } catch (error) {
    await kill(server);
    throw error;
  }
}

export interface StartNatsServerOptions {
  /** Holds the streams, the configuration and the log; made when missing. */
  readonly storeDir: string;
  /** A free one by default. */
  readonly port?: number | undefined;
  /** 127.0.0.1 by default. */
  readonly host?: string | undefined;
  /** The server's own default is `2m`. */
  readonly syncInterval?: SyncInterval | undefined;
  /** The server's own default is 1 MiB. */
  readonly maxPayloadBytes?: number | undefined;
  readonly serverName?: string | undefined;
  /** Path of a nats-server; found, and fetched if need be, by default. */
  readonly binary?: string | undefined;
  /** Told what is being fetched. */
  readonly onProgress?: ((message: string) => void) | undefined;
  /** Appended to the configuration file as they are. */
  readonly configLines?: readonly string[] | undefined;
  /** 30 s by default; a large store takes its time to recover. */
  readonly readyTimeoutMs?: number | undefined;
  /** Gives up starting; a server that is ready is not concerned. */
  readonly signal?: AbortSignal | undefined;
}

export interface NatsServer extends AsyncDisposable {
  /** `nats://<host>:<port>` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** The real path of the store directory. */
  readonly storeDir: string;
  /** New with every start of the server. */
  readonly serverId: string;
  /** Resolves when the process has ended, whatever ended it. */
  readonly exited: Promise<NatsServerExit>;
  /** Ends it in order (SIGTERM), by force after 10 s. Resolves when the process has ended. */
  stop(): Promise<void>;
  /** SIGKILL, as a crash would. Resolves when the process has ended. */
  kill(): Promise<void>;
  /** The last 32 KiB of what this server logged. */
  logs(): string;
}

export interface NatsServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;
const FORMER_SERVER_TIMEOUT_MS = 5_000;
const INFO_TIMEOUT_MS = 2_000;
const LAST_WORDS_TIMEOUT_MS = 1_000;
const POLL_INTERVAL_MS = 5;

interface Launched {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly exited: Promise<NatsServerExit>;
  ended(): NatsServerExit | undefined;
  /** Whether stderr has been read to its end. */
  heardAll(): boolean;
  readonly log: ServerLog;
}

function launch(binary: string, storeDir: string): Launched {
  const log = serverLog(logFile(storeDir));
  const child = spawnWatched(binary, ["-c", configFile(storeDir)]);
  child.stderr?.on("data", (chunk: Buffer) => log.addStderr(chunk.toString("utf8")));
  let closed = false;
  child.once("close", () => {
    closed = true;
  });
  let ended: NatsServerExit | undefined;
  const exited = new Promise<NatsServerExit>((resolve) => {
    const end = (exit: NatsServerExit): void => {
      ended = exit;
      resolve(exit);
    };
    child.once("exit", (code, signal) => end({ code, signal }));
    child.once("error", (error) => {
      log.addStderr(`${error.message}\n`);
      // No process, so no "exit" will follow.
      if (child.pid === undefined) end({ code: null, signal: null });
    });
  });
  return { child, pid: child.pid ?? -1, exited, ended: () => ended, heardAll: () => closed, log };
}

interface WaitUntilReady {
  readonly server: Launched;
  readonly storeDir: string;
  readonly host: string;
  readonly wanted: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

type Ready = Pick<NatsServer, "url" | "port" | "serverId">;

async function waitUntilReady(wait: WaitUntilReady): Promise<Ready> {
  const { server, storeDir, host, timeoutMs, signal } = wait;
  const ready = await poll<Ready | "exited">(
    async () => {
      if (server.ended() !== undefined) return "exited";
      const port = await readPort(storeDir, server.pid);
      return port === undefined ? undefined : await greet(host, port);
    },
    { timeoutMs, intervalMs: POLL_INTERVAL_MS, signal },
  );
  if (ready === undefined) {
    throw notReady(`nats-server was not ready within ${timeoutMs} ms.`, wait);
  }
  if (ready !== "exited") return ready;
  // What it said last may arrive after the news of its end.
  await poll(async () => (server.heardAll() ? true : undefined), {
    timeoutMs: LAST_WORDS_TIMEOUT_MS,
    intervalMs: POLL_INTERVAL_MS,
  });
  if (wait.wanted !== 0 && server.log.read().includes("address already in use")) {
    throw new EmbeddedError(
      "NATS_SERVER_PORT_IN_USE",
      `Another process listens on ${host}:${wait.wanted}. End it, or start this nats-server on another port.`,
    );
  }
  const exit = server.ended();
  const how = exit?.signal ?? `exit code ${exit?.code ?? "unknown"}`;
  throw notReady(`nats-server ended while it started (${how}).`, wait);
}

function notReady(what: string, { server, storeDir }: WaitUntilReady): EmbeddedError {
  const log = server.log.read().trimEnd().split("\n").slice(-20).join("\n");
  return new EmbeddedError(
    "NATS_SERVER_NOT_READY",
    `${what} Its configuration is ${configFile(storeDir)}; its log ends with:\n${log}`,
  );
}

/** The port that the server says it listens on; it writes the file when it is ready. */
async function readPort(storeDir: string, pid: number): Promise<number | undefined> {
  const directory = portsDirectory(storeDir);
  const name = (await readdir(directory)).find((file) => file.endsWith(`_${pid}.ports`));
  if (name === undefined) return undefined;
  const text = await readFile(join(directory, name), "utf8").catch(() => "");
  const port = /"nats":\["[^"]*:(\d+)"/.exec(text)?.[1];
  return port === undefined ? undefined : Number(port);
}

async function greet(host: string, port: number): Promise<Ready | undefined> {
  // All interfaces is where a server listens, not where a client connects to.
  const address = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  try {
    const info = await readServerInfo(address, port, INFO_TIMEOUT_MS);
    if (!info.jetStream) return undefined;
    const name = address.includes(":") ? `[${address}]` : address;
    return { url: `nats://${name}:${port}`, port, serverId: info.serverId };
  } catch {
    return undefined;
  }
}

/** Two servers on one store destroy it. A former one that is about to end is given a moment. */
async function waitForFormerServer(storeDir: string): Promise<void> {
  let holder = 0;
  const free = await poll(
    async () => {
      holder = Number(await readFile(pidFile(storeDir), "utf8").catch(() => "0"));
      const command = await processCommand(holder);
      return command?.includes(configFile(storeDir)) === true ? undefined : true;
    },
    { timeoutMs: FORMER_SERVER_TIMEOUT_MS, intervalMs: POLL_INTERVAL_MS },
  );
  if (free === true) return;
  throw new EmbeddedError(
    "NATS_SERVER_STORE_IN_USE",
    `The nats-server with process id ${holder} runs on ${storeDir}. Stop it, or use another store directory.`,
  );
}

async function stop(server: Launched): Promise<void> {
  server.child.kill("SIGTERM");
  const force = setTimeout(() => server.child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await server.exited;
  clearTimeout(force);
}

async function kill(server: Launched): Promise<void> {
  server.child.kill("SIGKILL");
  await server.exited;
}
