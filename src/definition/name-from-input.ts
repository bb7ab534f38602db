import { NameFunctionError } from "../engine/name-function-error.ts";
import { checkStepName } from "../engine/names.ts";
import { InvalidNameError, InvalidOptionError } from "../engine/usage-errors.ts";

/** Makes a key or a name of an input. Called again in replays: the same input must give the same text. */
export type NameFunction<Wire> = (input: Wire) => string;

/** @throws {@link InvalidOptionError} */
export function checkNameFunction<Fn>(option: string, fn: Fn): Fn {
  if (fn === undefined || typeof fn === "function") return fn;
  throw new InvalidOptionError(option, fn, "give a function of the input");
}

/**
 * The key that a definition makes of an input, or nothing when it makes none. Whether its characters may be a key, `runRef`
 * says.
 * @throws {@link NameFunctionError}, {@link InvalidNameError}
 */
export function keyFromInput(definition: Named | string, input: unknown): string | undefined {
  if (typeof definition === "string" || definition.key === undefined) return undefined;
  const { kind, name } = definition;
  const key = call("key", `${kind} ${name}`, definition.key, input);
  if (typeof key === "string") return key;
  throw new InvalidNameError(`The key of ${kind} ${name} for this input`, key, "it has to be text");
}

/**
 * The name of the step that a task is with an input.
 * @throws {@link NameFunctionError}, {@link InvalidNameError}
 */
export function stepNameFromInput(task: Named, input: unknown): string {
  if (task.stepName === undefined) return task.name;
  return checkStepName(call("stepName", `task ${task.name}`, task.stepName, input));
}

function call(option: string, subject: string, fn: NameFunction<never>, input: unknown): unknown {
  try {
    return (fn as (input: unknown) => unknown)(input);
  } catch (error) {
    throw new NameFunctionError(option, subject, error);
  }
}

/** What of a definition is read here. */
interface Named {
  readonly kind: string;
  readonly name: string;
  readonly key: NameFunction<never> | undefined;
  readonly stepName?: NameFunction<never> | undefined;
}
