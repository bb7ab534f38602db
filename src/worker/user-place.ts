import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** A place in a user's own code: not in a package's, not in Node's, and not in Millrace's. */
export interface SourcePlace {
  /** As an absolute path. With source maps it is the source. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/**
 * Where the caller of a function stands, as `<file>:<line>`, if that is a user's own code. With source maps it is the line in
 * the source.
 */
export function userPlace(callee: (...args: never[]) => unknown): string | undefined {
  const place = capturePlace(FRAMES, callee)();
  return place === undefined ? undefined : placeText(place);
}

/**
 * Notes which user's code is on the stack, among so many frames, in front of a function if one is given. To look the place up
 * takes longer, and is done when it is asked for.
 */
export function capturePlace(
  frames: number,
  callee: (...args: never[]) => unknown = capturePlace,
): () => SourcePlace | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = frames;
  const trace: { stack?: unknown } = {};
  Error.captureStackTrace(trace, callee);
  Error.stackTraceLimit = limit;
  return () => (typeof trace.stack === "string" ? placeIn(trace.stack) : undefined);
}

/** The first place of a stack that is in a user's own code. */
export function placeIn(stack: string): SourcePlace | undefined {
  for (const text of stack.split("\n")) {
    const found = FRAME.exec(text);
    if (found === null) continue; // The heading, or a function of the language such as Array.map.
    const [, path = "", line, column] = found;
    if (isUsers(path))
      return { file: fileOf(path), line: Number(line), column: Number(column ?? 1) };
  }
  return undefined;
}

/** As `<file>:<line>`, from the folder that the process runs in if it is there. */
export function placeText({ file, line }: SourcePlace): string {
  const fromHere = relative(process.cwd(), file);
  return `${fromHere.startsWith(`..${sep}`) ? file : fromHere}:${line}`;
}

/** A caller may stand behind functions of the language: `times.map(Math.random)`. */
const FRAMES = 8;
/** `at name (file:12:3)`, `at file:///dir/file:12:3`, `at async file:12:3`. */
const FRAME = /^\s*at (?:.*\()?(?:async )?((?:file:\/\/|node:)?[^()]+?):(\d+)(?::(\d+))?\)?$/;

/** The folder of this very copy: `src` or `dist`. */
const OWN = fileURLToPath(new URL("..", import.meta.url));

function isUsers(path: string): boolean {
  if (path.startsWith("node:") || path.includes("<anonymous>")) return false;
  const file = fileOf(path);
  return !file.startsWith(OWN) && !/[\\/]node_modules[\\/]/.test(file);
}

function fileOf(path: string): string {
  if (!path.startsWith("file://")) return path;
  try {
    return fileURLToPath(path);
  } catch {
    return path;
  }
}
