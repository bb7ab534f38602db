import type { Millrace } from "../../client/millrace.ts";
import { FatalError } from "../../engine/flow-errors.ts";
import type { ActionOrder, ActionOutcome, OrderedAction } from "./action-order.ts";

/**
 * Publishes a value as JSON: durably and once (within the broker's two minutes) where a stream holds the subject, else to
 * whoever listens now. Headers make an event of it, which says how deep it is: what it leads to counts.
 * @throws {@link FatalError} for a subject that is the broker's or Millrace's own, {@link BrokerError}
 */
export async function publishMessage(
  { broker, namespace }: Millrace,
  { firing, trigger, depth }: ActionOrder,
  { subject, data }: Extract<OrderedAction, { readonly kind: "publish" }>,
): Promise<ActionOutcome> {
  if (!isPublic(subject)) {
    const rule = "it has to be literal, and no subject of Millrace's log or of the broker's own";
    throw new FatalError("INVALID_SUBJECT", `Nothing is published on ${subject}: ${rule}.`);
  }
  const message = {
    subject,
    data: new TextEncoder().encode(JSON.stringify(data ?? null)),
    headers: {
      "Content-Type": "application/json",
      "ce-specversion": "1.0",
      "ce-id": firing,
      "ce-source": `/millrace/${namespace}/triggers/${trigger}`,
      "ce-type": subject,
      "ce-subject": subject,
      "ce-millracedepth": String(depth),
      // What is submitted so is a run that a firing led to.
      ...(subject.startsWith(`millrace.${namespace}.submit.`)
        ? { "Millrace-Depth": String(depth), "Millrace-Trigger": trigger }
        : {}),
    },
  };
  const stream = await broker.bus.streamOf(subject);
  if (stream === undefined) {
    broker.bus.tell(message);
    return { done: true };
  }
  await broker.bus.publish({ ...message, id: firing });
  return { done: true, stream };
}

/** Millrace's log, its private streams, and the broker's interfaces are nobody's to write to. */
function isPublic(subject: string): boolean {
  const [first = "", ...rest] = subject.split(".");
  const isLiteral = [first, ...rest].every((token) => /^[^\s*>]+$/u.test(token));
  return isLiteral && !OWN.has(first) && !first.startsWith("$") && subject.length <= 512;
}

const OWN: ReadonlySet<string> = new Set(["mr", "mrlive", "mrapi", "_INBOX"]);
