import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { S3BlobStoreOptions } from "../../../src/s3/s3-blob-store.ts";
import { JITI } from "../../support/jiti.ts";

/** Starts the S3 server of `server/` in a process of its own, with one bucket. What it holds survives a restart. */
export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const directory = await mkdtemp(join(tmpdir(), "millrace-s3-"));
  const settings = {
    directory,
    bucket: "payloads",
    region: "eu-central-1",
    accessKeyId: "AKIAMILLRACETEST",
    secretAccessKey: "not/a+secret",
    requiresEncryption: options.requiresEncryption ?? false,
  };
  let running = await launch({ ...settings, port: 0 });
  const { port } = running;
  const { bucket, region, accessKeyId, secretAccessKey } = settings;
  return {
    directory,
    options: {
      bucket,
      region,
      endpoint: `http://127.0.0.1:${port}`,
      pathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    },
    kill: () => running.kill(),
    restart: async () => {
      running = await launch({ ...settings, port });
    },
    signal: (signal) => running.child.kill(signal),
    stop: async () => {
      await running.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export interface S3ServerOptions {
  /** Its bucket takes encrypted objects only. */
  readonly requiresEncryption?: boolean;
}

export interface S3Server {
  readonly directory: string;
  /** What a client has to know. */
  readonly options: S3BlobStoreOptions;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again where it was, after `kill`. */
  restart(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Ends it, and removes what it held. */
  stop(): Promise<void>;
}

async function launch(
  settings: object,
): Promise<{ child: ChildProcess; port: number; kill(): Promise<void> }> {
  const file = join(import.meta.dirname, "server", "s3-server.ts");
  const child = spawn(process.execPath, [JITI, file, JSON.stringify(settings)], {
    cwd: join(import.meta.dirname, "..", "..", ".."),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const line = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  if (line.done === true) throw new Error("The S3 server ended");
  const { port } = JSON.parse(line.value) as { readonly port: number };
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  return { child, port, kill };
}
