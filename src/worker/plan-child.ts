import { attributesFromInput } from "../definition/attributes-from-input.ts";
import type { ChildOptions } from "../definition/child-run.ts";
import type { AnyDefinition } from "../definition/definition.ts";
import { keyFromInput } from "../definition/name-from-input.ts";
import { checkSubmitOptions } from "../definition/submit-options.ts";
import { queueOfName } from "../engine/built-in-flows.ts";
import { causeIn } from "../engine/cause.ts";
import { DepthLimitError } from "../engine/flow-errors.ts";
import { checkQueueName } from "../engine/priority.ts";
import { runRef } from "../engine/run-id.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import { childKey } from "../history/own-child.ts";
import type { ContextHost } from "./context-host.ts";
import { encodeWithin } from "./encode-within.ts";
import type { PlannedChild } from "./run-children.ts";

/**
 * The child that a flow asks for by a command: the same in every replay, its key and submission id included.
 * @throws {@link DepthLimitError}, {@link PayloadTooLargeError}, {@link NameFunctionError}, {@link AttributeInvalidError} and the errors of wrong options.
 */
export function planChild(
  parent: Pick<ContextHost, "runId" | "submission" | "now" | "maxPayloadBytes">,
  command: string,
  definition: AnyDefinition | string,
  input: unknown,
  options: ChildOptions,
): PlannedChild {
  const { runId, submission, now } = parent;
  const depth = (submission.parent?.depth ?? 0) + 1;
  if (depth > MAX_DEPTH) throw new DepthLimitError(runId, MAX_DEPTH);
  const { onParentClose = "" } = options;
  if ("priority" in options) {
    throw new InvalidOptionError("priority", options.priority, "a child has none: leave it out");
  }
  if (!["", "cancel", "abandon"].includes(onParentClose)) {
    throw new InvalidOptionError("onParentClose", onParentClose, "give cancel or abandon");
  }
  const flow = typeof definition === "string" ? definition : definition.name;
  const home = typeof definition === "string" ? queueOfName(flow) : definition.queue;
  const unique = childKey(runId, command);
  const key = options.key ?? keyFromInput(definition, input);
  const run = runRef(flow, key ?? unique);
  const root = submission.parent?.root ?? runId;
  const checked = checkSubmitOptions(options, now);
  return {
    run,
    onParentClose,
    submission: {
      ...checked,
      metadata: { ...checked.metadata, ...causeIn(submission.metadata) },
      attributes: attributesFromInput(definition, input, options.attributes),
      runId: run.id,
      queue: checkQueueName(options.queue ?? home),
      submissionId: unique,
      input: encodeWithin(parent.maxPayloadBytes, input, `The input of ${run.id}`),
      submittedAt: now,
      replyTo: "",
      isKeyNew: key === undefined,
      parent: { runId, queue: submission.queue, root, depth },
    },
  };
}

/** Deeper than this, a family of runs is taken for one that never ends. */
const MAX_DEPTH = 32;
