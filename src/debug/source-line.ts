import { readFileSync } from "node:fs";
import type { SourcePlace } from "../worker/user-place.ts";

/** The text of a line of somebody's code, as it is on disk now. Nothing where it cannot be read. */
export function sourceLine({ file, line }: SourcePlace): string | undefined {
  try {
    return readFileSync(file, "utf8").split(/\r?\n/)[line - 1]?.trim();
  } catch {
    return undefined;
  }
}
