import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { AttributeTypes } from "../engine/attributes.ts";
import type { RetryPolicy } from "../engine/retry.ts";
import type { AttributesFunction } from "./attributes-from-input.ts";
import type { CachePolicy } from "./cache.ts";
import type { KeyedLimit } from "./concurrency.ts";
import type { Flow } from "./flow-context.ts";
import type { NameFunction } from "./name-from-input.ts";
import type { Task } from "./task.ts";

/** Something that can be submitted: its types say what goes in and what comes out. */
export type Definition<Input, Output, Wire> = Flow<Input, Output, Wire> | Task<Input, Output, Wire>;

/** Any flow or task, whatever its types. */
export type AnyDefinition = AnyFlow | AnyTask;

export interface AnyFlow extends AnyDefinitionBase {
  readonly kind: "flow";
  readonly attributes: AttributeTypes;
  readonly attributesOf: AttributesFunction<never> | undefined;
  readonly version: string;
}

export interface AnyTask extends AnyDefinitionBase {
  readonly kind: "task";
  readonly retry: RetryPolicy;
  readonly timeoutMs: number | undefined;
  readonly cache: CachePolicy | undefined;
  readonly compensate: ((...args: never[]) => unknown) | undefined;
  readonly stepName: NameFunction<never> | undefined;
}

interface AnyDefinitionBase {
  readonly name: string;
  readonly fn: (...args: never[]) => unknown;
  readonly input: StandardSchemaV1 | undefined;
  readonly output: StandardSchemaV1 | undefined;
  readonly key: NameFunction<never> | undefined;
  readonly queue: string;
  readonly crashLimit: number;
  readonly concurrency: KeyedLimit | undefined;
}

/** True for what `flow()` and `task()` give. */
export function isDefinition(value: unknown): value is AnyDefinition {
  if (typeof value !== "object" || value === null) return false;
  if (!("kind" in value && "fn" in value && "crashLimit" in value)) return false;
  return (value.kind === "flow" || value.kind === "task") && typeof value.fn === "function";
}
