import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder of this test alone, removed when it is over. */
export async function tempDir(): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), "millrace-test-")));
  onTestFinished(async () => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  return directory;
}
