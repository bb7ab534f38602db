import { randomBytes } from "node:crypto";
import { chmod, copyFile, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { compareVersions, probeNatsServer } from "./probe-nats-server.ts";

/**
 * The nats-servers that Millrace fetched, one folder per version and platform, shared by all
 * projects of a user. A folder appears by one rename, so it is complete or it is not there.
 */
export interface ServerCache {
  readonly directory: string;
  /** The newest one that runs, if any. */
  find(signal?: AbortSignal): Promise<CachedServer | undefined>;
  /** Copies a binary into the cache, unless a working one of that version is there already. */
  install(binary: string, version: string, signal?: AbortSignal): Promise<CachedServer>;
}

export interface CachedServer {
  readonly path: string;
  readonly version: string;
}

/** The cache where this environment says it is; nothing is created before the first install. */
export function serverCache(env: NodeJS.ProcessEnv): ServerCache {
  const directory = join(cacheDirectory(env), "nats-server");
  return {
    directory,
    find: async (signal) => findNewest(directory, signal),
    install: async (binary, version, signal) => install(directory, binary, version, signal),
  };
}

const PLATFORM = `${process.platform}-${process.arch}`;
const FILE = process.platform === "win32" ? "nats-server.exe" : "nats-server";
/** A staging folder older than this was left by a process that died. */
const STAGING_KEPT_MS = 3_600_000;

function cacheDirectory(env: NodeJS.ProcessEnv): string {
  const chosen = env["MILLRACE_CACHE_DIR"];
  if (chosen !== undefined && chosen !== "") return chosen;
  const xdg = env["XDG_CACHE_HOME"];
  if (xdg !== undefined && xdg !== "") return join(xdg, "millrace");
  const home = env["HOME"] ?? homedir();
  return process.platform === "darwin"
    ? join(home, "Library", "Caches", "millrace")
    : join(home, ".cache", "millrace");
}

async function findNewest(
  directory: string,
  signal: AbortSignal | undefined,
): Promise<CachedServer | undefined> {
  const versions = (await entries(directory))
    .map((name) => /^v(\d+\.\d+\.\d+)-(.+)$/.exec(name))
    .flatMap((match) => (match?.[1] !== undefined && match[2] === PLATFORM ? [match[1]] : []))
    .toSorted(compareVersions)
    .toReversed();
  for (const version of versions) {
    const path = join(directory, `v${version}-${PLATFORM}`, FILE);
    const probe = await probeNatsServer(path, signal);
    if (probe.usable) return { path, version: probe.version };
  }
  return undefined;
}

async function install(
  directory: string,
  binary: string,
  version: string,
  signal: AbortSignal | undefined,
): Promise<CachedServer> {
  const final = join(directory, `v${version}-${PLATFORM}`);
  const staging = join(directory, `.staging-${randomBytes(8).toString("hex")}`);
  await removeAbandoned(directory);
  await mkdir(staging, { recursive: true });
  try {
    await copyFile(binary, join(staging, FILE));
    await chmod(join(staging, FILE), 0o755);
    await moveIntoPlace(staging, final, signal);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return { path: join(final, FILE), version };
}

async function moveIntoPlace(
  staging: string,
  final: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await rename(staging, final);
    return;
  } catch (error) {
    if (!isTaken(error)) throw error;
  }
  // Another process was faster. Its copy may be in use, so it is replaced only if it does not run.
  if ((await probeNatsServer(join(final, FILE), signal)).usable) return;
  const broken = `${staging}-broken`;
  await rename(final, broken);
  await rename(staging, final);
  await rm(broken, { recursive: true, force: true });
}

async function removeAbandoned(directory: string): Promise<void> {
  for (const name of await entries(directory)) {
    if (!name.startsWith(".staging-")) continue;
    const path = join(directory, name);
    const made = await stat(path).catch(() => undefined);
    if (made !== undefined && Date.now() - made.mtimeMs > STAGING_KEPT_MS) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

async function entries(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch {
    // Not made yet, or not readable: then nothing is cached.
    return [];
  }
}

function isTaken(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOTEMPTY" || code === "EEXIST" || code === "EPERM";
}
