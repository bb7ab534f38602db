import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex } from "node:stream";

/**
 * Starts a program that does not outlive this process, not even when this process is killed with
 * -9, and that a Ctrl-C in the terminal does not reach: workers drain first, then it is stopped.
 *
 * The program runs in a session of its own. Next to it a subshell reads a socket whose other end
 * only this process holds: the kernel closes that end however this process dies, the read ends,
 * and the program is killed. A line on the socket dismisses the watcher instead.
 */
export function spawnWatched(
  file: string,
  args: readonly string[],
  as: { readonly uid?: number; readonly gid?: number } = {},
): ChildProcess {
  if (process.platform === "win32") {
    // No sh and no process groups there: the program only ends by `stop()`.
    return spawn(file, args, { stdio: ["ignore", "ignore", "pipe"], windowsHide: true });
  }
  const child = spawn("/bin/sh", ["-c", WATCH_AND_EXEC, file, ...args], {
    ...as,
    detached: true,
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  const link = child.stdio[3];
  if (isWritable(link)) {
    // The watcher may be gone already: that is what the line would have brought about.
    link.on("error", () => {});
    // Dismissed at once: the id of a dead program may soon be another program's.
    child.once("exit", () => link.end("done\n", () => link.destroy()));
  }
  return child;
}

/**
 * `exec` keeps the shell's process id (`$$`), so the watcher knows whom to kill before the program
 * has begun, and this process sees the program itself as its child.
 */
const WATCH_AND_EXEC = `
( trap '' HUP INT TERM; read -r _ <&3 || kill -KILL $$ ) >/dev/null 2>&1 &
exec "$0" "$@" 3<&-
`;

function isWritable(stream: ChildProcess["stdio"][3]): stream is Duplex {
  return stream !== null && stream !== undefined && "write" in stream;
}
