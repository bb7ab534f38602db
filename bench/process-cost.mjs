import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Seconds of CPU, user and system, that a process has used. */
export async function cpuSecondsOf(pid) {
  return process.platform === "linux" ? fromProc(pid) : fromPs(pid);
}

function fromProc(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name, in parentheses, may hold spaces. After it: state is field 3, utime 14, stime 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Linux has reported CPU times to user space in this unit on every architecture since 2.6. */
const TICKS_PER_SECOND = 100;

/** `[[days-]hours:]minutes:seconds`, as ps prints it. */
function fromPs(pid) {
  const text = execFileSync("ps", ["-o", "time=", "-p", String(pid)], { encoding: "utf8" });
  const [seconds = 0, minutes = 0, hours = 0, days = 0] = text
    .trim()
    .split(/[-:]/)
    .map(Number)
    .toReversed();
  return seconds + 60 * (minutes + 60 * (hours + 24 * days));
}

/** Bytes of memory that a process holds. */
export async function residentBytesOf(pid) {
  const kilobytes =
    process.platform === "linux"
      ? /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
      : execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" });
  return Number(kilobytes) * 1_024;
}
