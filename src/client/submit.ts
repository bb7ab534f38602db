import { attributesFromInput } from "../definition/attributes-from-input.ts";
import type { AnyDefinition } from "../definition/definition.ts";
import { keyFromInput } from "../definition/name-from-input.ts";
import { validate } from "../definition/standard-schema.ts";
import { checkSubmitOptions, type SubmitOptions } from "../definition/submit-options.ts";
import { queueOfName } from "../engine/built-in-flows.ts";
import { PayloadTooLargeError } from "../engine/flow-errors.ts";
import { checkPriority, checkQueueName, type Priority } from "../engine/priority.ts";
import { RunExistsError } from "../engine/run-errors.ts";
import { type RunRef, runRef } from "../engine/run-id.ts";
import { sortableId } from "../engine/sortable-id.ts";
import { FORKER, type Submission } from "../engine/submission.ts";
import { readHead } from "../history/run-head.ts";
import { encodeSubmission } from "../wire/submission-codec.ts";
import { encodeValue } from "../wire/value-codec.ts";
import type { ClientHost } from "./client-host.ts";
import { OutcomeHint } from "./outcome-hint.ts";
import { Patience } from "./patience.ts";
import { publishSubmission } from "./publish-submission.ts";
import { changeSettings } from "./queue-handle.ts";
import { RunHandle } from "./run-handle.ts";

/**
 * Publishes one submission, and comes back when it is durable: accepted, visible and queued in the same write (I1). Who has no
 * interest in the result is not told of the end by a hint, and keeps nothing in memory for it.
 */
export async function submit(
  host: ClientHost,
  definition: AnyDefinition | string,
  input: unknown,
  options: SubmitOptions,
  interest: "result" | "none" = "result",
): Promise<RunHandle> {
  const { broker, clock } = host;
  const flow = typeof definition === "string" ? definition : definition.name;
  const home = typeof definition === "string" ? queueOfName(flow) : definition.queue;
  const queue = checkQueueName(options.queue ?? home);
  if (typeof definition !== "string" && definition.input !== undefined) {
    await validate(`${definition.kind} ${flow}`, definition.input, input);
  }
  const key = options.key ?? keyFromInput(definition, input);
  const run = runRef(flow, key ?? sortableId(clock.now(), Math.random));
  const checked = checkSubmitOptions(options, clock.now());
  const attributes = attributesFromInput(definition, input, options.attributes);
  const priority = checkPriority(options.priority);
  const patience = new Patience(host, GIVE_UP_MS);
  const to = { definition, queue, home, priority };
  const mayBeTaken = key !== undefined;
  if (mayBeTaken && (await patience.ask(() => isTakenElsewhere(host, run, to, options)))) {
    return existing(host, run, options);
  }
  // Marked before it is stored: workers look where it waits.
  const place = await host.priorities.placeOf(queue, priority, () =>
    changeSettings(host, queue, { priorities: true }),
  );
  const what = `The input of ${run.id}`;
  const plain = encodeValue(input, what);
  const sealed = await patience.ask(async () => host.payloads.seal(plain, what));
  const hint = hintFor(host, interest);
  const submission: Submission = {
    runId: run.id,
    queue,
    submissionId: sortableId(clock.now(), Math.random),
    input: sealed,
    ...checked,
    attributes,
    submittedAt: clock.now(),
    replyTo: hint.replyTo,
    isKeyNew: !mayBeTaken,
    parent: undefined,
  };
  const bytes = encodeSubmission(submission);
  const limit = broker.log.maxMessageBytes;
  if (bytes.length > limit) {
    hint.forget();
    throw new PayloadTooLargeError(`The submission of ${run.id}`, bytes.length, limit);
  }
  const accepted = await publishSubmission(host, run, { submission, place, bytes }, patience);
  if (accepted) return new RunHandle(host, run, hint.heard, true);
  hint.forget();
  return existing(host, run, options);
}

/**
 * Submissions of one key to two queues stand on two subjects, and the write's condition sees one of them: where the key may
 * stand in another queue, look there first. Two that are made at the same moment are one run all the same.
 */
async function isTakenElsewhere(
  { broker: { log }, priorities }: ClientHost,
  run: RunRef,
  to: { definition: AnyDefinition | string; queue: string; home: string; priority: Priority },
  { ifExists }: SubmitOptions,
): Promise<boolean> {
  const isByName = typeof to.definition === "string";
  const isSpread = to.priority !== "normal" || (await priorities.isMarked(to.queue));
  if (isSpread || to.queue !== to.home || (isByName && ifExists === "reject")) {
    return (await log.submission(run)) !== undefined; // Any queue: costs more on a large stream.
  }
  // By name alone the flow's queue is not known, but a run that was taken up has one history.
  if (isByName) {
    const { frame, last } = await readHead(log, run);
    if (frame?.writer.startsWith(FORKER) !== true) return last > 0;
    // A copy for a fork is in place before its submission is, or was left by somebody who died in between.
    return (await log.submission(run)) !== undefined;
  }
  return to.home !== run.flow && (await log.submission(run, run.flow)) !== undefined;
}

function hintFor(
  { broker }: ClientHost,
  interest: "result" | "none",
): Pick<OutcomeHint, "replyTo" | "forget"> & { readonly heard: OutcomeHint | undefined } {
  if (interest === "none") return { replyTo: "", forget: () => undefined, heard: undefined };
  const heard = new OutcomeHint(broker.hints);
  return { replyTo: heard.replyTo, forget: heard.forget, heard };
}

function existing(host: ClientHost, run: RunRef, options: SubmitOptions): RunHandle {
  if (options.ifExists === "reject") throw new RunExistsError(run.id);
  return new RunHandle(host, run);
}

const GIVE_UP_MS = 30_000;
