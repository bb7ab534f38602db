import { randomBytes } from "node:crypto";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { EmbeddedError } from "./embedded-error.ts";
import { poll } from "./poll.ts";
import { isAlive } from "./process-command.ts";

/**
 * Runs `work` while no other process, and nobody else in this one, runs under the same file.
 * The lock of a process that died is taken over.
 */
export async function withLockFile<T>(
  path: string,
  options: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const mine = `${process.pid} ${randomBytes(8).toString("hex")}`;
  const acquired = await poll(
    async () => ((await create(path, mine)) || (await takeOver(path, mine)) ? true : undefined),
    { timeoutMs: options.timeoutMs, intervalMs: POLL_INTERVAL_MS, signal: options.signal },
  );
  if (acquired === undefined) {
    const [holder] = (await read(path)).split(" ");
    throw new EmbeddedError(
      "EMBEDDED_LOCK_TIMEOUT",
      `Process ${holder} has held ${path} for more than ${options.timeoutMs} ms. If it is not one of Millrace's, remove that file and try again.`,
    );
  }
  try {
    return await work();
  } finally {
    if ((await read(path)) === mine) await rm(path, { force: true });
  }
}

export interface LockOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

const POLL_INTERVAL_MS = 20;
/** Taking over is a matter of milliseconds; a file older than this was left by a crash in between. */
const TAKE_OVER_MS = 10_000;

async function create(path: string, owner: string): Promise<boolean> {
  try {
    await writeFile(path, owner, { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/**
 * A dead owner's lock is removed under a second lock: of two processes that both saw it, the
 * slower one would otherwise remove the lock that the faster one has made since.
 */
async function takeOver(path: string, mine: string): Promise<boolean> {
  if (!(await isAbandoned(path))) return false;
  const guard = `${path}.take-over`;
  if (!(await create(guard, mine))) {
    const age = await ageMs(guard);
    if (age !== undefined && age > TAKE_OVER_MS) await rm(guard, { force: true });
    return false;
  }
  try {
    if (!(await isAbandoned(path))) return false;
    await rm(path, { force: true });
    return await create(path, mine);
  } finally {
    await rm(guard, { force: true });
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const age = await ageMs(path);
  if (age === undefined) return false;
  const owner = Number((await read(path)).split(" ")[0]);
  // Its owner has made it but not written it yet.
  if (owner === 0) return age > TAKE_OVER_MS;
  // In a container the same id comes again: then it was made before this process began.
  if (owner === process.pid) return age > process.uptime() * 1000 + 1000;
  return !isAlive(owner);
}

async function ageMs(path: string): Promise<number | undefined> {
  const made = await stat(path).catch(() => undefined);
  return made === undefined ? undefined : Date.now() - made.mtimeMs;
}

async function read(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
