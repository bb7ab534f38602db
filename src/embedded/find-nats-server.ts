import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmbeddedError } from "./embedded-error.ts";
import { fetchDebianPackage } from "./fetch-debian-package.ts";
import { fetchOfficialRelease } from "./fetch-official-release.ts";
import { findOnPath } from "./find-on-path.ts";
import { MINIMUM_VERSION, probeNatsServer } from "./probe-nats-server.ts";
import { reasonOf } from "./reason-of.ts";
import { serverCache } from "./server-cache.ts";

/**
 * Finds a nats-server to run, and fetches one into the cache when there is none: the one that
 * `MILLRACE_NATS_SERVER` names, one on the PATH, one in the cache, the official release, the
 * Debian package. Makes no network request when one of the first three is there.
 *
 * @throws {@link EmbeddedError} `NATS_SERVER_UNUSABLE` or `NATS_SERVER_NOT_FOUND`
 */
export async function findNatsServer(
  options: FindNatsServerOptions = {},
): Promise<FoundNatsServer> {
  const { env = process.env, signal } = options;
  const chosen = env["MILLRACE_NATS_SERVER"];
  // A path that the user chose is never passed over in silence.
  if (chosen !== undefined && chosen !== "") return useChosen(chosen, signal);
  const tried: Tried[] = [];
  return (
    (await searchPath(env, signal, tried)) ??
    (await searchCache(env, signal, tried)) ??
    (await fetchInto(options, "official release", fetchOfficialRelease, tried)) ??
    (await fetchInto(options, "Debian package", fetchDebianPackage, tried)) ??
    giveUp(tried)
  );
}

export interface FindNatsServerOptions {
  /** Told, in a few words, what is being fetched. */
  readonly onProgress?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The environment to look in; that of this process by default. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Where the system's apt sources are; `/etc/apt` unless under test. */
  readonly aptDirectory?: string | undefined;
}

export interface FoundNatsServer {
  readonly path: string;
  readonly version: string;
  readonly origin: "environment" | "path" | "cache" | "official release" | "Debian package";
}

interface Tried {
  readonly where: string;
  readonly reason: string;
}

type Fetch = (request: {
  readonly env: NodeJS.ProcessEnv;
  readonly into: string;
  readonly onProgress: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly aptDirectory?: string | undefined;
}) => Promise<string>;

async function useChosen(path: string, signal: AbortSignal | undefined): Promise<FoundNatsServer> {
  const probe = await probeNatsServer(path, signal);
  if (probe.usable) return { path, version: probe.version, origin: "environment" };
  throw new EmbeddedError(
    "NATS_SERVER_UNUSABLE",
    `MILLRACE_NATS_SERVER is ${path}, but ${probe.reason}. ` +
      `Set it to a nats-server of ${MINIMUM_VERSION} or newer, or unset it to let Millrace find one.`,
  );
}

async function searchPath(
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
  tried: Tried[],
): Promise<FoundNatsServer | undefined> {
  const candidates = await findOnPath("nats-server", env);
  for (const path of candidates) {
    const probe = await probeNatsServer(path, signal);
    if (probe.usable) return { path, version: probe.version, origin: "path" };
    tried.push({ where: path, reason: probe.reason });
  }
  if (candidates.length === 0) tried.push({ where: "PATH", reason: "has no nats-server" });
  return undefined;
}

async function searchCache(
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
  tried: Tried[],
): Promise<FoundNatsServer | undefined> {
  const cache = serverCache(env);
  const cached = await cache.find(signal);
  if (cached !== undefined) return { ...cached, origin: "cache" };
  tried.push({ where: `cache ${cache.directory}`, reason: "has no nats-server that runs here" });
  return undefined;
}

async function fetchInto(
  options: FindNatsServerOptions,
  origin: "official release" | "Debian package",
  fetch: Fetch,
  tried: Tried[],
): Promise<FoundNatsServer | undefined> {
  const { env = process.env, signal, aptDirectory, onProgress = () => {} } = options;
  const into = await mkdtemp(join(tmpdir(), "millrace-nats-"));
  try {
    const binary = await fetch({ env, into, signal, aptDirectory, onProgress });
    const probe = await probeNatsServer(binary, signal);
    if (!probe.usable) throw new Error(probe.reason);
    const installed = await serverCache(env).install(binary, probe.version, signal);
    onProgress(`Installed nats-server ${installed.version} as ${installed.path}`);
    return { ...installed, origin };
  } catch (error) {
    signal?.throwIfAborted();
    tried.push({ where: origin, reason: reasonOf(error) });
    return undefined;
  } finally {
    await rm(into, { recursive: true, force: true });
  }
}

function giveUp(tried: readonly Tried[]): never {
  const list = tried.map(({ where, reason }) => `  - ${where}: ${reason}`).join("\n");
  throw new EmbeddedError(
    "NATS_SERVER_NOT_FOUND",
    `No nats-server was found and none could be fetched. Tried:\n${list}\n` +
      `Install nats-server ${MINIMUM_VERSION} or newer (https://docs.nats.io/running-a-nats-service/introduction/installation) ` +
      "so that it is on the PATH, or set MILLRACE_NATS_SERVER to its path. " +
      "On Debian and Ubuntu, MILLRACE_DEBIAN_MIRROR names a Debian archive to fetch it from; " +
      "MILLRACE_NATS_RELEASES names a mirror of the official releases.",
  );
}
