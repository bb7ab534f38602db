import { type AnyDefinition, isDefinition } from "../definition/definition.ts";
import { CliError } from "./cli-error.ts";
import { loadFile } from "./load-file.ts";

/**
 * The flows and tasks that a TypeScript or JavaScript file exports.
 * @throws {@link CliError} `FILE_NOT_READABLE`, `FILE_NOT_LOADED` or `NO_DEFINITIONS`
 */
export async function loadDefinitions(path: string): Promise<readonly AnyDefinition[]> {
  const { file, exported } = await loadFile(path);
  const definitions = Object.values(exported).filter(isDefinition);
  if (definitions.length > 0) return [...new Set(definitions)];
  const names = Object.keys(exported);
  throw new CliError(
    "NO_DEFINITIONS",
    `${file} exports no flow and no task (${names.length === 0 ? "it exports nothing" : `only ${names.join(", ")}`}). ` +
      'Write: export const hello = flow("hello", async (ctx) => …).',
  );
}
