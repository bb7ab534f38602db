import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import * as millrace from "../index.ts";
import { CliError } from "./cli-error.ts";
import { isInspected } from "./inspector.ts";

/**
 * What a TypeScript or JavaScript file exports.
 * @throws {@link CliError} `FILE_NOT_READABLE` or `FILE_NOT_LOADED`
 */
export async function loadFile(path: string): Promise<LoadedFile> {
  const file = resolve(path);
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true) {
    throw new CliError("FILE_NOT_READABLE", `There is no file ${file}.`);
  }
  // Only who serves pays for a compiler; the other commands start without it.
  const { createJiti } = await import("jiti");
  // The file gets this very copy of Millrace: `instanceof FatalError` holds wherever its own is installed.
  const jiti = createJiti(file, {
    virtualModules: { millrace },
    interopDefault: false,
    // Its lines stay where they are; with this a debugger shows the source itself.
    ...(isInspected() ? { sourceMaps: true, fsCache: false } : {}),
  });
  try {
    return { file, exported: { ...(await jiti.import<Record<string, unknown>>(file)) } };
  } catch (cause) {
    throw new CliError("FILE_NOT_LOADED", `${file} could not be loaded.`, { cause });
  }
}

export interface LoadedFile {
  readonly file: string;
  readonly exported: Readonly<Record<string, unknown>>;
}
