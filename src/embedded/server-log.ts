import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";

/**
 * What one start of a nats-server logged. The server writes a file, because a pipe would stop it
 * while this process does not read; only what it says before it has opened that file comes here.
 */
export interface ServerLog {
  addStderr(text: string): void;
  /** The last 32 KiB. */
  read(): string;
}

/** The log of a server that is about to start and appends to this file. */
export function serverLog(file: string): ServerLog {
  const start = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  let stderr = "";
  return {
    addStderr: (text) => {
      stderr = (stderr + text).slice(-MAX_BYTES);
    },
    read: () => (readTail(file, start) + stderr).slice(-MAX_BYTES),
  };
}

const MAX_BYTES = 32 * 1024;

function readTail(file: string, start: number): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch {
    return "";
  }
  try {
    const { size } = fstatSync(descriptor);
    // Smaller than at the start: the server has rotated it.
    const own = size < start ? 0 : start;
    const length = Math.min(size - own, MAX_BYTES);
    const buffer = Buffer.alloc(length);
    const read = readSync(descriptor, buffer, 0, length, size - length);
    return buffer.toString("utf8", 0, read);
  } finally {
    closeSync(descriptor);
  }
}
