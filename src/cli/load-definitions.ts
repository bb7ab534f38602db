import { isServed, type Served } from "../definition/served.ts";
import { CliError } from "./cli-error.ts";
import { loadFile } from "./load-file.ts";

/**
 * The flows, tasks, triggers and schedules that a TypeScript or JavaScript file exports.
 * @throws {@link CliError} `FILE_NOT_READABLE`, `FILE_NOT_LOADED` or `NO_DEFINITIONS`
 */
export async function loadDefinitions(path: string): Promise<readonly Served[]> {
  const { file, exported } = await loadFile(path);
  const definitions = Object.values(exported).filter(isServed);
  if (definitions.length > 0) return [...new Set(definitions)];
  const names = Object.keys(exported);
  throw new CliError(
    "NO_DEFINITIONS",
    `${file} exports no flow, task, trigger or schedule (${names.length === 0 ? "it exports nothing" : `only ${names.join(", ")}`}). ` +
      'Write: export const hello = flow("hello", async (ctx) => …).',
  );
}
