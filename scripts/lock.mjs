import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A guard older than this was left by a crash between two lines. */
const TAKE_OVER_MS = 10_000;
const LOCK_TIMEOUT_MS = 900_000;

/**
 * Runs `work` while no other process does under the same file. `onWait` is told once whom it waits
 * for. The twin of src/embedded/with-lock-file.ts, for the time before anything is built.
 */
export async function withLock(path, onWait, work) {
  mkdirSync(dirname(path), { recursive: true });
  const mine = `${process.pid} ${randomBytes(8).toString("hex")}`;
  const deadline = Date.now() + LOCK_TIMEOUT_MS;
  let told = false;
  while (!create(path, mine) && !takeOver(path, mine)) {
    const [holder] = read(path).split(" ");
    if (Date.now() > deadline) {
      throw new Error(
        `Process ${holder} has held ${path} for 15 minutes. If it is not a set-up, remove that file and try again.`,
      );
    }
    if (!told && holder !== "") {
      told = true;
      onWait(holder);
    }
    await delay(100);
  }
  try {
    return await work();
  } finally {
    if (read(path) === mine) rmSync(path, { force: true });
  }
}

function create(path, owner) {
  try {
    writeFileSync(path, owner, { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

/** Under a second lock: else the slower of two would remove the lock that the faster one made. */
function takeOver(path, mine) {
  if (!isAbandoned(path)) return false;
  const guard = `${path}.take-over`;
  if (!create(guard, mine)) {
    if ((ageMs(guard) ?? 0) > TAKE_OVER_MS) rmSync(guard, { force: true });
    return false;
  }
  try {
    if (!isAbandoned(path)) return false;
    rmSync(path, { force: true });
    return create(path, mine);
  } finally {
    rmSync(guard, { force: true });
  }
}

function isAbandoned(path) {
  const age = ageMs(path);
  if (age === undefined) return false;
  const owner = Number(read(path).split(" ")[0]);
  if (owner === 0) return age > TAKE_OVER_MS;
  if (owner === process.pid) return age > process.uptime() * 1000 + 1000;
  try {
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

function ageMs(path) {
  const made = statSync(path, { throwIfNoEntry: false });
  return made === undefined ? undefined : Date.now() - made.mtimeMs;
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
