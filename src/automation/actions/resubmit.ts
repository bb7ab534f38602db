import { readArchivedRun } from "../../archive/archived-run.ts";
import type { Millrace } from "../../client/millrace.ts";
import { archivedIn } from "../../engine/archived-event.ts";
import { FatalError } from "../../engine/flow-errors.ts";
import { RunNotFoundError } from "../../engine/run-errors.ts";
import type { RunRef } from "../../engine/run-id.ts";
import type { Submission } from "../../engine/submission.ts";
import { readSubmission } from "../../history/read-submission.ts";
import { readHead } from "../../history/run-head.ts";
import { decodeValue } from "../../wire/value-codec.ts";
import { runOf } from "./act-on-run.ts";
import type { ActionOrder, ActionOutcome, OrderedAction } from "./action-order.ts";

/** In the metadata of a run: how many runs before it, one after the other, it does again. */
const RESUBMITS = "millrace.resubmits";

/**
 * Submits a run's flow again with the same input, tags, attributes, metadata and queue: a run of its own, whose key is made of
 * the firing. Runs in a row are counted in their metadata, and `times` of them are the last.
 * @throws {@link FatalError} when there is no such run, and what says that broker or blob store is away.
 */
export async function resubmit(
  millrace: Millrace,
  { firing, trigger }: ActionOrder,
  { run: id, times }: Extract<OrderedAction, { readonly kind: "resubmit" }>,
): Promise<ActionOutcome> {
  const run = runOf(id);
  const { tags, metadata, attributes, queue, input } = await submissionOf(millrace, run);
  const before = Number(metadata[RESUBMITS] ?? 0) || 0;
  if (before >= times) {
    const reason = `Run ${run.id} was the last of ${times} in a row: it is not submitted again.`;
    return { done: false, reason };
  }
  const value = decodeValue(await millrace.payloads.open(input));
  const again = await millrace.submit(run.flow, value, {
    key: firing,
    queue,
    attributes,
    tags: [...new Set([...tags, `trigger:${trigger}`])],
    // How deep it is stays as it was: the count of resubmissions ends this loop.
    metadata: { ...metadata, [RESUBMITS]: String(before + 1) },
  });
  return { done: true, run: again.id };
}

async function submissionOf({ broker, payloads }: Millrace, run: RunRef): Promise<Submission> {
  const submission = await readSubmission(broker.log, run);
  if (submission === undefined) {
    const { code, message } = new RunNotFoundError(run.id, broker.log.namespace);
    throw new FatalError(code, message);
  }
  const archived = archivedIn((await readHead(broker.log, run)).frame);
  // Then the input is in the run's file only.
  return archived === undefined
    ? submission
    : (await readArchivedRun(payloads, archived)).submission;
}
