import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Writes an executable shell script, with its folder, and gives its path. */
export async function writeProgram(path: string, ...lines: readonly string[]): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${lines.join("\n")}\n`, { mode: 0o755 });
  return path;
}

/** A program that says it is a nats-server of this version. */
export async function writeFakeServer(path: string, version: string): Promise<string> {
  return writeProgram(path, `echo "nats-server: v${version}"`);
}
