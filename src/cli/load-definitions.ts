import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { type AnyDefinition, isDefinition } from "../definition/definition.ts";
import * as millrace from "../index.ts";
import { CliError } from "./cli-error.ts";

/**
 * The flows and tasks that a TypeScript or JavaScript file exports.
 * @throws {@link CliError} `FILE_NOT_READABLE`, `FILE_NOT_LOADED` or `NO_DEFINITIONS`
 */
export async function loadDefinitions(path: string): Promise<readonly AnyDefinition[]> {
  const file = resolve(path);
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true) {
    throw new CliError("FILE_NOT_READABLE", `There is no file ${file}.`);
  }
  const exported = await load(file);
  const definitions = Object.values(exported).filter(isDefinition);
  if (definitions.length > 0) return [...new Set(definitions)];
  const names = Object.keys(exported);
  throw new CliError(
    "NO_DEFINITIONS",
    `${file} exports no flow and no task (${names.length === 0 ? "it exports nothing" : `only ${names.join(", ")}`}). ` +
      'Write: export const hello = flow("hello", async (ctx) => …).',
  );
}

async function load(file: string): Promise<Record<string, unknown>> {
  // Only who serves pays for a compiler; the other commands start without it.
  const { createJiti } = await import("jiti");
  // The file gets this very copy of Millrace: `instanceof FatalError` holds wherever its own is installed.
  const jiti = createJiti(file, { virtualModules: { millrace }, interopDefault: false });
  try {
    return { ...(await jiti.import<Record<string, unknown>>(file)) };
  } catch (cause) {
    throw new CliError("FILE_NOT_LOADED", `${file} could not be loaded.`, { cause });
  }
}
