import type { StandardSchemaV1 } from "@standard-schema/spec";
import { checkStepName } from "../engine/names.ts";

/** A named kind of value that a flow receives from outside while it runs. */
export interface Signal<Value = unknown, Wire = Value> {
  readonly kind: "signal";
  readonly name: string;
  readonly schema: StandardSchemaV1<Wire, Value> | undefined;
}

export interface SignalOptions<Value = unknown, Wire = Value> {
  /** Checks the value when it is sent and again before the flow sees it: any Standard Schema (zod, valibot, …). */
  readonly schema?: StandardSchemaV1<Wire, Value>;
}

export function signal<Wire, Value>(
  name: string,
  options: SignalOptions<Value, Wire> & { readonly schema: StandardSchemaV1<Wire, Value> },
): Signal<Value, Wire>;
export function signal<Value = undefined>(name: string): Signal<Value>;
/**
 * Defines a signal.
 * @throws {@link InvalidNameError} at once.
 */
export function signal(name: string, options: SignalOptions = {}): unknown {
  return { kind: "signal", name: checkStepName(name), schema: options.schema };
}
