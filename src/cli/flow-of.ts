import type { AnyDefinition } from "../definition/definition.ts";
import { CliError } from "./cli-error.ts";
import { loadDefinitions } from "./load-definitions.ts";

/**
 * Today's code of a flow or task, from the file that exports it.
 * @throws {@link CliError} `NO_DEFINITIONS` when the file does not, and those of loading it.
 */
export async function flowOf(path: string, name: string): Promise<AnyDefinition> {
  const code = await loadCode(path);
  const found = code.get(name);
  if (found !== undefined) return found;
  throw new CliError(
    "NO_DEFINITIONS",
    `${path} exports no flow or task "${name}", only ${[...code.keys()].join(", ")}. Give the file that the run's workers serve.`,
  );
}

/** The flows and tasks that a file exports, by name. @throws {@link CliError} */
export async function loadCode(path: string): Promise<ReadonlyMap<string, AnyDefinition>> {
  const code = new Map<string, AnyDefinition>();
  for (const served of await loadDefinitions(path)) {
    if (served.kind === "flow" || served.kind === "task") code.set(served.name, served);
  }
  return code;
}
