import { mkdir, readFile, realpath, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EmbeddedError } from "./embedded-error.ts";
import { poll } from "./poll.ts";
import { processCommand } from "./process-command.ts";
import { readServerInfo } from "./read-server-info.ts";
import { configFile } from "./server-config.ts";
import { type NatsServer, startNatsServer } from "./start-nats-server.ts";
import { withLockFile } from "./with-lock-file.ts";

/**
 * Opens the one development broker of a project folder: joins the one that runs there already, or
 * starts one on `<dir>/.millrace/nats`, on the port that it had before when that is still free.
 * Only who started it stops it: it ends with that process.
 *
 * @throws {@link EmbeddedError}
 */
export async function openEmbeddedBroker(
  options: OpenEmbeddedBrokerOptions,
): Promise<EmbeddedBroker> {
  await mkdir(join(options.dir, ".millrace", "nats"), { recursive: true });
  const storeDir = await realpath(join(options.dir, ".millrace", "nats"));
  // Nobody wants a broker's files in a commit.
  await writeFile(join(options.dir, ".millrace", ".gitignore"), "*\n");
  return withLockFile(
    join(storeDir, "broker.lock"),
    { timeoutMs: LOCK_TIMEOUT_MS, signal: options.signal },
    async () => {
      const former = await readRecord(storeDir);
      if (former !== undefined && (await isRunning(former, storeDir)))
        return joined(former, storeDir);
      const server = await start(options, storeDir, former?.port);
      await writeRecord(storeDir, server);
      return {
        owned: true,
        url: server.url,
        port: server.port,
        storeDir,
        server,
        stop: async () => server.stop(),
        [Symbol.asyncDispose]: async () => server.stop(),
      };
    },
  );
}

/** Where the development broker of a project folder answers right now, if one runs. Starts nothing. */
export async function findEmbeddedBroker(
  dir: string,
): Promise<Pick<EmbeddedBroker, "url" | "port" | "storeDir"> | undefined> {
  const storeDir = await realpath(join(dir, ".millrace", "nats")).catch(() => undefined);
  if (storeDir === undefined) return undefined;
  const record = await readRecord(storeDir);
  if (record === undefined || !(await isRunning(record, storeDir))) return undefined;
  return { url: record.url, port: record.port, storeDir };
}

export interface OpenEmbeddedBrokerOptions {
  /** The project's folder. */
  readonly dir: string;
  /** For a broker that is started now; one that runs keeps its own. By default the one it had before, else a free one. */
  readonly port?: number | undefined;
  /** Path of a nats-server; found, and fetched if need be, by default. */
  readonly binary?: string | undefined;
  /** Told what is being fetched. */
  readonly onProgress?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A broker that this call started (`owned`), or one that another process runs. */
export type EmbeddedBroker = OwnedBroker | JoinedBroker;

export interface OwnedBroker extends AsyncDisposable {
  readonly owned: true;
  readonly url: string;
  readonly port: number;
  readonly storeDir: string;
  readonly server: NatsServer;
  /** Stops the broker, for all who joined it too. */
  stop(): Promise<void>;
}

export interface JoinedBroker extends AsyncDisposable {
  readonly owned: false;
  readonly url: string;
  readonly port: number;
  readonly storeDir: string;
  /** Leaves the broker as it is. */
  stop(): Promise<void>;
}

/** What `broker.json` says about the broker that was started last. */
interface BrokerRecord {
  readonly pid: number;
  readonly url: string;
  readonly port: number;
  readonly serverId: string;
}

/** Whoever holds the lock may be fetching a nats-server over a slow line. */
const LOCK_TIMEOUT_MS = 300_000;
const ANSWER_TIMEOUT_MS = 2_000;
const HOST = "127.0.0.1";

async function start(
  options: OpenEmbeddedBrokerOptions,
  storeDir: string,
  formerPort: number | undefined,
): Promise<NatsServer> {
  const { binary, onProgress, signal } = options;
  const common = { storeDir, host: HOST, binary, onProgress, signal };
  if (options.port !== undefined) return startNatsServer({ ...common, port: options.port });
  try {
    // Clients that remember the address find the broker again.
    return await startNatsServer({ ...common, port: formerPort });
  } catch (error) {
    if (error instanceof EmbeddedError && error.code === "NATS_SERVER_PORT_IN_USE") {
      return startNatsServer(common);
    }
    throw error;
  }
}

function joined({ url, port }: BrokerRecord, storeDir: string): JoinedBroker {
  return { owned: false, url, port, storeDir, stop: leave, [Symbol.asyncDispose]: leave };
}

async function leave(): Promise<void> {}

/** The server of this very start answers; another one on the same port has another id. */
async function isRunning(record: BrokerRecord, storeDir: string): Promise<boolean> {
  const answer = await poll(
    async () => {
      const info = await readServerInfo(HOST, record.port, ANSWER_TIMEOUT_MS).catch(
        () => undefined,
      );
      if (info !== undefined) return info.serverId;
      // No answer may mean busy as long as the process is there.
      const command = await processCommand(record.pid);
      return command?.includes(configFile(storeDir)) === true ? undefined : "gone";
    },
    { timeoutMs: ANSWER_TIMEOUT_MS, intervalMs: 20 },
  );
  return answer === record.serverId;
}

async function readRecord(storeDir: string): Promise<BrokerRecord | undefined> {
  const text = await readFile(join(storeDir, "broker.json"), "utf8").catch(() => "{}");
  try {
    const record: unknown = JSON.parse(text);
    return isRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is BrokerRecord {
  if (typeof value !== "object" || value === null) return false;
  const { pid, url, port, serverId } = value as Partial<Record<keyof BrokerRecord, unknown>>;
  return (
    typeof pid === "number" &&
    typeof url === "string" &&
    typeof port === "number" &&
    typeof serverId === "string"
  );
}

async function writeRecord(storeDir: string, server: NatsServer): Promise<void> {
  const { pid, url, port, serverId } = server;
  const record: BrokerRecord = { pid, url, port, serverId };
  const draft = join(storeDir, "broker.json.new");
  await writeFile(draft, `${JSON.stringify(record, undefined, 2)}\n`);
  await rename(draft, join(storeDir, "broker.json"));
}
