import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "./at-end.ts";

/** A project folder for one test file, removed when all its tests are over. */
export async function projectFolder(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "millrace-cli-")));
  atEnd(async () => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  const all = { "package.json": '{ "type": "module" }', ...files };
  for (const [name, text] of Object.entries(all)) await writeFile(join(folder, name), text);
  await mkdir(join(folder, "nats"));
  return folder;
}
