import type { Millrace } from "../../client/millrace.ts";
import type { AnyDefinition } from "../../definition/definition.ts";
import { flow } from "../../definition/flow.ts";
import type { FlowContext } from "../../definition/flow-context.ts";
import type { StepInfo } from "../../definition/task.ts";
import { ACTION_FLOW, BUILT_IN_QUEUE } from "../../engine/built-in-flows.ts";
import { FatalError } from "../../engine/flow-errors.ts";
import { actOnRun } from "./act-on-run.ts";
import type { ActionOrder, ActionOutcome } from "./action-order.ts";
import { cancelChildren, openChildren } from "./cancel-children.ts";
import { publishMessage } from "./publish-message.ts";
import { resubmit } from "./resubmit.ts";

/**
 * The flow that carries out what triggers ask for. Each effect is a step that is tried again while the broker is away, and has an
 * id made of the firing: done twice, after a crash between effect and record, it is done once.
 */
export function millraceAction(millrace: Millrace): AnyDefinition {
  return flow(ACTION_FLOW, { queue: BUILT_IN_QUEUE }, async (ctx, order: ActionOrder) => {
    const { action } = order;
    const step = (fn: (info: StepInfo) => Promise<ActionOutcome>): Promise<ActionOutcome> =>
      ctx.step(action.kind, fn, RETRIED);
    switch (action.kind) {
      case "publish":
        return step(() => publishMessage(millrace, order, action));
      case "resubmit":
        return step(() => resubmit(millrace, order, action));
      case "cancel-children":
        return cancelFamily(ctx, millrace, order, action);
      case "impossible":
        throw new FatalError("ACTION_IMPOSSIBLE", `${action.what}: ${action.reason}`);
      case "signal":
      case "cancel":
      case "resume":
      case "terminate":
        return step(() => actOnRun(millrace, order, action));
    }
  }) as AnyDefinition;
}

/** As many at a time as one step asks in a moment: a crash repeats no more than these. */
async function cancelFamily(
  ctx: FlowContext,
  millrace: Millrace,
  order: ActionOrder,
  { run, reason = "" }: { readonly run: string; readonly reason?: string },
): Promise<ActionOutcome> {
  const children = await ctx.step("find children", () => openChildren(millrace, run), RETRIED);
  let runs = 0;
  for (let at = 0; at < children.length; at += AT_ONCE) {
    const some = children.slice(at, at + AT_ONCE);
    runs += await ctx.step("cancel", () => cancelChildren(millrace, order, some, reason), RETRIED);
  }
  return { done: true, runs };
}

const AT_ONCE = 50;

const RETRIED = Object.freeze({
  retry: { attempts: 20, backoff: { initial: "500ms", max: "1m" }, jitter: 0.2 },
} as const);
