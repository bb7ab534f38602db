import { createHash } from "node:crypto";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { unpackFile } from "./unpack-file.ts";

/** The version fetched from the official releases: the one that Millrace is measured on. */
export const PINNED_VERSION = "2.15.1";

/**
 * Downloads the official release of nats-server for this platform into `into`, checks it against
 * the release's SHA256SUMS and gives the binary's path. `MILLRACE_NATS_RELEASES` names a mirror.
 */
export async function fetchOfficialRelease(request: FetchOfficialRelease): Promise<string> {
  const { env, into, signal, onProgress } = request;
  const asset = assetName();
  const chosen = env["MILLRACE_NATS_RELEASES"];
  const base = chosen === undefined || chosen === "" ? OFFICIAL_RELEASES : chosen;
  const release = `${base.replace(/\/+$/, "")}/v${PINNED_VERSION}`;
  onProgress(`Fetching ${asset} from ${release}`);
  // The small file first: a machine without a way out learns it within seconds.
  const sums = new TextDecoder().decode(
    await download(`${release}/SHA256SUMS`, CONNECT_TIMEOUT_MS, signal),
  );
  const expected = checksumOf(asset, sums);
  const archive = await download(`${release}/${asset}`, ASSET_ANSWER_TIMEOUT_MS, signal);
  const actual = createHash("sha256").update(archive).digest("hex");
  if (actual !== expected) {
    throw new Error(`${asset} is refused: its checksum is ${actual}, SHA256SUMS says ${expected}`);
  }
  const file = process.platform === "win32" ? "nats-server.exe" : "nats-server";
  const binary = unpackFile(archive, file);
  if (binary === undefined) throw new Error(`${asset} holds no ${file}`);
  const path = join(into, file);
  await writeFile(path, binary);
  await chmod(path, 0o755);
  return path;
}

export interface FetchOfficialRelease {
  readonly env: NodeJS.ProcessEnv;
  /** An existing folder to unpack into. */
  readonly into: string;
  readonly onProgress: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

const OFFICIAL_RELEASES = "https://github.com/nats-io/nats-server/releases/download";
const CONNECT_TIMEOUT_MS = 5_000;
const ASSET_ANSWER_TIMEOUT_MS = 20_000;
const STALL_TIMEOUT_MS = 20_000;
const MAX_DOWNLOAD_BYTES = 128 * 1024 * 1024;

const RELEASE_ARCHITECTURES: Readonly<Partial<Record<string, string>>> = Object.freeze({
  x64: "amd64",
  arm64: "arm64",
  arm: "arm7",
  ia32: "386",
  ppc64: "ppc64le",
  s390x: "s390x",
});

/** `nats-server-v2.15.1-linux-amd64.tar.gz` */
function assetName(): string {
  const architecture = RELEASE_ARCHITECTURES[process.arch];
  const system = process.platform === "win32" ? "windows" : process.platform;
  if (architecture === undefined || !["linux", "darwin", "windows", "freebsd"].includes(system)) {
    throw new Error(`there is no official release for ${process.platform} on ${process.arch}`);
  }
  return `nats-server-v${PINNED_VERSION}-${system}-${architecture}.tar.gz`;
}

/** A line of SHA256SUMS is `<hex>  <file>`. */
function checksumOf(asset: string, sums: string): string {
  for (const line of sums.split("\n")) {
    const [sum, name] = line.trim().split(/\s+\*?/);
    if (name === asset && sum !== undefined && /^[0-9a-f]{64}$/i.test(sum)) {
      return sum.toLowerCase();
    }
  }
  throw new Error(`SHA256SUMS of v${PINNED_VERSION} does not name ${asset}`);
}

/** Bounded in three ways: until an answer comes, between two chunks, and in bytes. */
async function download(
  url: string,
  answerTimeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const tooSlow = new AbortController();
  const limit = (ms: number, what: string): NodeJS.Timeout =>
    setTimeout(() => tooSlow.abort(new Error(`${what} within ${ms} ms from ${url}`)), ms);
  let timer = limit(answerTimeoutMs, "no answer");
  try {
    const response = await fetch(url, {
      signal: signal === undefined ? tooSlow.signal : AbortSignal.any([tooSlow.signal, signal]),
    });
    if (!response.ok || response.body === null) throw new Error(`${url}: HTTP ${response.status}`);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body) {
      clearTimeout(timer);
      timer = limit(STALL_TIMEOUT_MS, "no more data");
      size += chunk.byteLength;
      if (size > MAX_DOWNLOAD_BYTES) throw new Error(`${url} is larger than a nats-server can be`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } finally {
    clearTimeout(timer);
  }
}
