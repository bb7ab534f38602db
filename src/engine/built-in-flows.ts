/** The flow that acts for triggers. Every worker serves it. */
export const ACTION_FLOW = "millrace-action";

/** The flow that delivers to webhooks. Every worker serves it. */
export const WEBHOOK_FLOW = "millrace-webhook";

/** The one queue of the flows that every worker serves. */
export const BUILT_IN_QUEUE = "millrace";

/** The queue where a flow's runs wait for all that its name says: the one of that name, unless it is a flow of Millrace's own. */
export function queueOfName(flow: string): string {
  return flow === ACTION_FLOW || flow === WEBHOOK_FLOW ? BUILT_IN_QUEUE : flow;
}
