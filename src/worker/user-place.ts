import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Where the caller of a function stands, as `<file>:<line>`, if that is a user's own code: not a package's, not Node's, and
 * not Millrace's. With source maps it is the line in the source.
 */
export function userPlace(callee: (...args: never[]) => unknown): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  const trace: { stack?: unknown } = {};
  Error.captureStackTrace(trace, callee);
  // Read before the limit is set back: only now is the text made, by whoever prepares it.
  const { stack } = trace;
  Error.stackTraceLimit = limit;
  if (typeof stack !== "string") return undefined;
  for (const line of stack.split("\n")) {
    const found = FRAME.exec(line);
    if (found === null) continue; // The heading, or a function of the language such as Array.map.
    const [, path = "", number = ""] = found;
    return isUsers(path) ? `${shown(path)}:${number}` : undefined;
  }
  return undefined;
}

/** A caller may stand behind functions of the language: `times.map(Math.random)`. */
const FRAMES = 8;
/** `at name (file:12:3)`, `at file:///dir/file:12:3`, `at async file:12:3`. */
const FRAME = /^\s*at (?:.*\()?(?:async )?((?:file:\/\/|node:)?[^()]+?):(\d+)(?::\d+)?\)?$/;

/** The folder of this very copy: `src` or `dist`. */
const OWN = fileURLToPath(new URL("..", import.meta.url));

function isUsers(path: string): boolean {
  if (path.startsWith("node:") || path.includes("<anonymous>")) return false;
  const file = fileOf(path);
  return !file.startsWith(OWN) && !/[\\/]node_modules[\\/]/.test(file);
}

function shown(path: string): string {
  const file = fileOf(path);
  const fromHere = relative(process.cwd(), file);
  return fromHere.startsWith(`..${sep}`) ? file : fromHere;
}

function fileOf(path: string): string {
  if (!path.startsWith("file://")) return path;
  try {
    return fileURLToPath(path);
  } catch {
    return path;
  }
}
