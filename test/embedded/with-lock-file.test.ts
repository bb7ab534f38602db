import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { withLockFile } from "../../src/embedded/with-lock-file.ts";
import { tempDir } from "./support/temp-dir.ts";

/** The id of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(child, "exit");
  return child.pid ?? Number.NaN;
}

test("no two hold a lock at the same time, also when they find the lock of a dead process", async () => {
  const dir = await tempDir();
  const path = join(dir, "lock");
  await writeFile(path, `${await deadPid()} crashed`);
  let inside = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () =>
      withLockFile(path, { timeoutMs: 60_000 }, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await turn();
        inside -= 1;
      }),
    ),
  );
  expect(most).toBe(1);
  expect(await readdir(dir)).toEqual([]);
});

test("a lock is released when the work throws", async () => {
  const path = join(await tempDir(), "lock");
  const failed = withLockFile(path, { timeoutMs: 60_000 }, async () => {
    throw new Error("broken");
  });
  await expect(failed).rejects.toThrow("broken");
  expect(await withLockFile(path, { timeoutMs: 60_000 }, async () => "free")).toBe("free");
});

test("the lock of a living process is waited for, then reported with its holder", async () => {
  const path = join(await tempDir(), "lock");
  // The test runner's parent lives as long as this test.
  await writeFile(path, `${process.ppid} other`);
  await expect(withLockFile(path, { timeoutMs: 60 }, async () => {})).rejects.toMatchObject({
    code: "EMBEDDED_LOCK_TIMEOUT",
    message: expect.stringContaining(`Process ${process.ppid} has held ${path}`),
  });
  expect(await readFile(path, "utf8")).toBe(`${process.ppid} other`);
});

test("waiting for a lock can be aborted", async () => {
  const path = join(await tempDir(), "lock");
  await writeFile(path, `${process.ppid} other`);
  const reason = new Error("never mind");
  const options = { timeoutMs: 60_000, signal: AbortSignal.abort(reason) };
  await expect(withLockFile(path, options, async () => {})).rejects.toBe(reason);
});
