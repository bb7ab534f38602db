// @ts-check
import { execFile } from "node:child_process";
import { cp, mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);
const ROOT = join(import.meta.dirname, "..");

/**
 * Builds the engine as it was at a commit, in a folder of its own, and puts this chaos beside it: its workers are of that
 * build then. It needs git, the history of this repository, and a minute.
 * @param {string} commit
 * @param {string} folder
 */
export async function buildOlder(commit, folder) {
  await mkdir(folder, { recursive: true });
  const archive = join(folder, "source.tar");
  await execute("git", ["archive", "--output", archive, commit], { cwd: ROOT });
  await execute("tar", ["-xf", archive, "-C", folder]);
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  await execute(process.execPath, [join(folder, "scripts", "build.mjs")], { cwd: folder });
  await rm(join(folder, "chaos"), { recursive: true, force: true });
  await cp(import.meta.dirname, join(folder, "chaos"), { recursive: true });
}
