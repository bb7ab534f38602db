import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder that a development broker belongs to: the nearest one upwards with a package.json, else the one given. */
export function projectFolder(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (dirname(folder) === folder) return from;
  }
}
