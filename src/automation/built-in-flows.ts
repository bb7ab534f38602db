import type { Millrace } from "../client/millrace.ts";
import type { AnyDefinition } from "../definition/definition.ts";
import { millraceAction } from "./actions/millrace-action.ts";

/** The flows that every worker serves beside its own: they carry out what triggers and webhooks ask for. All are in one queue. */
export function builtInFlows(millrace: Millrace): readonly AnyDefinition[] {
  return [millraceAction(millrace)];
}
