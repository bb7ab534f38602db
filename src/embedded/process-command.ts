import { readFile } from "node:fs/promises";
import { runCommand } from "./run-command.ts";

/**
 * The command line of a running process, or `undefined` when there is none of this id. A number
 * in a file may belong to another program by now; the command line tells whose it is.
 */
export async function processCommand(pid: number): Promise<string | undefined> {
  if (!isAlive(pid)) return undefined;
  const line =
    process.platform === "linux"
      ? await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")
      : await runCommand({
          file: "ps",
          args: ["-ww", "-o", "args=", "-p", String(pid)],
          timeoutMs: 5_000,
        }).catch(() => "");
  const command = line.replaceAll("\0", " ").trim();
  return command === "" ? undefined : command;
}

/** Whether there is a process of this id, a zombie or someone else's included. */
export function isAlive(pid: number): boolean {
  // 0 and negative numbers would mean a group of processes.
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
