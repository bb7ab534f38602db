import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runCommand } from "../../../src/embedded/run-command.ts";

export const ROOT = join(import.meta.dirname, "..", "..", "..");

/** Runs `npm pack` on this checkout, unpacks what it made into `directory`, and gives the package's folder. */
export async function packInto(directory: string): Promise<string> {
  const args = ["pack", "--ignore-scripts", "--loglevel=error", "--pack-destination", directory];
  await runCommand({ file: "npm", args, cwd: ROOT, timeoutMs: 170_000 });
  const [archive] = (await readdir(directory)).filter((name) => name.endsWith(".tgz"));
  if (archive === undefined) throw new Error("npm pack made no archive.");
  const path = join(directory, archive);
  await runCommand({ file: "tar", args: ["-xzf", path, "-C", directory], timeoutMs: 170_000 });
  return join(directory, "package");
}

/** The paths of all files under a folder, with slashes. */
export async function filesUnder(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .map((path) => path.replaceAll("\\", "/"))
    .toSorted();
}

/**
 * A fresh project that has the unpacked package and its dependencies installed, and nothing else of ours. Needs no
 * network: the dependencies, and theirs, are linked from this checkout.
 */
export async function projectWith(unpacked: string, directory: string): Promise<string> {
  const modules = join(directory, "node_modules");
  await mkdir(modules, { recursive: true });
  await cp(unpacked, join(modules, "millrace"), { recursive: true });
  const manifest = await manifestOf(unpacked);
  // What a project with a type-checker has anyway.
  const names = [...Object.keys(manifest.dependencies), "typescript", "@types/node"];
  for (const name of names) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(ROOT, "node_modules", name), join(modules, name), "dir");
  }
  await writeFile(join(directory, "package.json"), JSON.stringify({ type: "module" }));
  return directory;
}

export async function manifestOf(directory: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(directory, "package.json"), "utf8")) as Manifest;
}

export interface Manifest {
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
}

/** Runs a script with this Node to its end and gives what it printed. When it fails, all of that is in the error. */
export async function runScript(
  script: string,
  args: readonly string[],
  cwd: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd, timeout: 170_000, killSignal: "SIGKILL" } as const;
    execFile(process.execPath, [script, ...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${script} ${args.join(" ")}:\n${stdout}${stderr}`, { cause: error }));
    });
  });
}

/** The script of a tool that this checkout has as a dependency. */
export function toolScript(path: string): string {
  return join(ROOT, "node_modules", path);
}
