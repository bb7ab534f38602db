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
 * Where the caller of a function stands, as `<file>:<line>`, if that is a user's own code: whoever else calls, a package or Node,
 * is not looked behind. With source maps it is the line in the source.
 */
export function userPlace(callee: (...args: never[]) => unknown): string | undefined {
  const [caller] = framesIn(stackBefore(callee, CALLER_FRAMES)());
  return caller === undefined || !isUsers(caller) ? undefined : placeText(caller);
}

/**
 * Notes which user's code is on the stack, behind whatever else is: the innermost place of it. To look it up takes longer, and
 * is done when it is asked for.
 */
export function capturePlace(): () => SourcePlace | undefined {
  const stack = stackBefore(capturePlace, FRAMES);
  return () => framesIn(stack()).find(isUsers);
}

/** The stack as text, made when it is asked for, without a function and what that has called. */
function stackBefore(callee: (...args: never[]) => unknown, frames: number): () => string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = frames;
  const trace: { stack?: unknown } = {};
  Error.captureStackTrace(trace, callee);
  Error.stackTraceLimit = limit;
  return () => (typeof trace.stack === "string" ? trace.stack : "");
}

/** The places of a stack, without its heading and functions of the language such as Array.map. */
function framesIn(stack: string): readonly SourcePlace[] {
  return stack.split("\n").flatMap((text) => {
    const [, path, line, column = 1] = FRAME.exec(text) ?? [];
    if (path === undefined) return [];
    return [{ file: fileOf(path), line: Number(line), column: Number(column) }];
  });
}

/** As `<file>:<line>`, from the folder that the process runs in if it is there. */
export function placeText({ file, line }: SourcePlace): string {
  const fromHere = relative(process.cwd(), file);
  return `${fromHere.startsWith(`..${sep}`) ? file : fromHere}:${line}`;
}

/** A caller may stand behind functions of the language: `times.map(Math.random)`. */
const CALLER_FRAMES = 8;
/** A line of the user's may stand behind several of ours. */
const FRAMES = 24;
/** `at name (file:12:3)`, `at file:///dir/file:12:3`, `at async file:12:3`. */
const FRAME = /^\s*at (?:.*\()?(?:async )?((?:file:\/\/|node:)?[^()]+?):(\d+)(?::(\d+))?\)?$/;

/** The folder of this very copy: `src` or `dist`. */
const OWN = fileURLToPath(new URL("..", import.meta.url));

function isUsers({ file }: SourcePlace): boolean {
  if (file.startsWith("node:") || file.includes("<anonymous>")) return false;
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
