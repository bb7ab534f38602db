import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";
import { onTestFinished } from "vitest";
import { PINNED_VERSION } from "../../../src/embedded/fetch-official-release.ts";

/** Serves an archive as the official releases do, on this machine, until the test is over. */
export async function serveRelease(release: FakeRelease): Promise<ServedRelease> {
  const requests: string[] = [];
  const asset = assetName();
  const sum = release.checksum ?? createHash("sha256").update(release.archive).digest("hex");
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    requests.push(path);
    if (path === `/v${PINNED_VERSION}/SHA256SUMS`) {
      response.end(`${"0".repeat(64)}  nats-server-other.zip\n${sum}  ${asset}\n`);
    } else if (path === `/v${PINNED_VERSION}/${asset}`) {
      response.end(release.archive);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { url: `http://127.0.0.1:${address.port}`, requests, asset };
}

export interface FakeRelease {
  readonly archive: Uint8Array;
  /** What SHA256SUMS says; the right one by default. */
  readonly checksum?: string;
}

export interface ServedRelease {
  readonly url: string;
  readonly requests: readonly string[];
  readonly asset: string;
}

/** A `.tar.gz` with these files. */
export function packFiles(files: Readonly<Record<string, string>>): Uint8Array {
  const blocks: Buffer[] = [];
  for (const [path, content] of Object.entries(files)) {
    const header = Buffer.alloc(512);
    header.write(path, 0, "latin1");
    header.write("0000755\0", 100);
    header.write(`${Buffer.byteLength(content).toString(8).padStart(11, "0")}\0`, 124);
    header.write("0", 156);
    const body = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / 512) * 512);
    body.write(content);
    blocks.push(header, body);
  }
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

function assetName(): string {
  const system = process.platform === "win32" ? "windows" : process.platform;
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  return `nats-server-v${PINNED_VERSION}-${system}-${architecture}.tar.gz`;
}
