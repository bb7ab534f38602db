import type { RunView } from "../index.ts";

/** `3 of 10 (resizing)` */
export function progressText({ done, total, message }: NonNullable<RunView["progress"]>): string {
  return `${done} of ${total}${message === "" ? "" : ` (${message})`}`;
}
