import type { AnyDefinition } from "../definition/definition.ts";
import { validate } from "../definition/standard-schema.ts";
import { PayloadTooLargeError } from "../engine/flow-errors.ts";
import { checkToken, isPrintable } from "../engine/names.ts";
import { RunExistsError } from "../engine/run-errors.ts";
import { type RunRef, runRef } from "../engine/run-id.ts";
import { sortableId } from "../engine/sortable-id.ts";
import type { Submission } from "../engine/submission.ts";
import { BrokerError, InvalidOptionError } from "../engine/usage-errors.ts";
import { encodeSubmission } from "../wire/submission-codec.ts";
import { encodeValue } from "../wire/value-codec.ts";
import type { ClientHost } from "./client-host.ts";
import { OutcomeHint } from "./outcome-hint.ts";
import { Patience } from "./patience.ts";
import { readSubmission } from "./read-submission.ts";
import { RunHandle } from "./run-handle.ts";

export interface SubmitOptions {
  /** The caller's own id for this piece of work: the same key is the same run. Default: a new sortable id. */
  readonly key?: string;
  /** What to do when the key is taken: give a handle on that run, or throw {@link RunExistsError}. Default `attach`. */
  readonly ifExists?: "attach" | "reject";
  /** Texts to find the run by, such as `job:42`. At most 64 of at most 256 characters. */
  readonly tags?: readonly string[];
  /** Kept with the run and shown. At most 64 entries. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Where the run waits for a worker. Default: the definition's queue. */
  readonly queue?: string;
}

/** Publishes one submission, and comes back when it is durable: accepted, visible and queued in the same write (I1). */
export async function submit(
  host: ClientHost,
  definition: AnyDefinition | string,
  input: unknown,
  options: SubmitOptions,
): Promise<RunHandle> {
  const { broker, clock } = host;
  const flow = typeof definition === "string" ? definition : definition.name;
  const home = typeof definition === "string" ? flow : definition.queue;
  const queue = checkToken("A queue's name", options.queue ?? home);
  const run = runRef(flow, options.key ?? sortableId(clock.now(), Math.random));
  if (typeof definition !== "string" && definition.input !== undefined) {
    await validate(`${definition.kind} ${flow}`, definition.input, input);
  }
  const patience = new Patience(host, GIVE_UP_MS);
  const place = { definition, queue, home };
  if (await patience.ask(() => isTakenElsewhere(host, run, place, options))) {
    return existing(host, run, options);
  }
  const hint = new OutcomeHint(broker.hints);
  const submission: Submission = {
    runId: run.id,
    queue,
    submissionId: sortableId(clock.now(), Math.random),
    input: encodeValue(input, `The input of ${run.id}`),
    tags: checkTags(options.tags ?? []),
    metadata: checkMetadata(options.metadata ?? {}),
    submittedAt: clock.now(),
    replyTo: hint.replyTo,
    isKeyNew: options.key === undefined,
  };
  const bytes = encodeSubmission(submission);
  const limit = broker.log.maxMessageBytes;
  if (bytes.length > limit) {
    hint.forget();
    throw new PayloadTooLargeError(`The submission of ${run.id}`, bytes.length, limit);
  }
  const accepted = await publish(host, run, submission, bytes, patience);
  if (accepted) return new RunHandle(host, run, hint);
  hint.forget();
  return existing(host, run, options);
}

/**
 * Submissions of one key to two queues stand on two subjects, and the write's condition sees one of them: where the key may
 * stand in another queue, look there first. Two that are made at the same moment are one run all the same.
 */
async function isTakenElsewhere(
  { broker: { log } }: ClientHost,
  run: RunRef,
  to: { definition: AnyDefinition | string; queue: string; home: string },
  { key, ifExists }: SubmitOptions,
): Promise<boolean> {
  if (key === undefined) return false;
  const isByName = typeof to.definition === "string";
  if (to.queue !== to.home || (isByName && ifExists === "reject")) {
    return (await log.submission(run)) !== undefined; // Any queue: costs more on a large stream.
  }
  // By name alone the flow's queue is not known, but a run that was taken up has one history.
  if (isByName) return (await log.head(run)) !== undefined;
  return to.home !== run.flow && (await log.submission(run, run.flow)) !== undefined;
}

/** True when the submission is ours, false when the key was taken. */
async function publish(
  host: ClientHost,
  run: RunRef,
  submission: Submission,
  bytes: Uint8Array,
  patience: Patience,
): Promise<boolean> {
  const { broker } = host;
  const { queue, submissionId } = submission;
  for (let tries = 0; ; tries++) {
    const outcome = await broker.log.submit(run, queue, bytes);
    if (outcome.status === "written") return true;
    if (outcome.status === "conflict") {
      // It may be our own, whose ack was lost.
      if (tries === 0) return false;
      const stored = await patience.ask(() => readSubmission(host, run, queue));
      return stored?.submissionId === submissionId;
    }
    if (patience.isOver) {
      throw new BrokerError(
        `The submission of ${run.id} was not confirmed. Submit it again with the same key: it runs once.`,
        { cause: outcome.cause },
      );
    }
    await patience.pause();
  }
}

function existing(host: ClientHost, run: RunRef, options: SubmitOptions): RunHandle {
  if (options.ifExists === "reject") throw new RunExistsError(run.id);
  return new RunHandle(host, run);
}

const GIVE_UP_MS = 30_000;
const MAX_TAGS = 64;
const MAX_TAG_LENGTH = 256;

function checkTags(tags: readonly string[]): readonly string[] {
  if (tags.length > MAX_TAGS)
    throw new InvalidOptionError("tags", tags.length, `give at most ${MAX_TAGS}`);
  for (const tag of tags) checkText("tags", tag);
  return tags;
}

function checkMetadata(
  metadata: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const entries = Object.entries(metadata);
  if (entries.length > MAX_TAGS) {
    throw new InvalidOptionError("metadata", entries.length, `give at most ${MAX_TAGS} entries`);
  }
  for (const [name, value] of entries) {
    checkText("metadata", name);
    if (typeof value !== "string")
      throw new InvalidOptionError(`metadata.${name}`, value, "give text");
  }
  return metadata;
}

function checkText(option: string, text: unknown): void {
  const ok =
    typeof text === "string" && text !== "" && text.length <= MAX_TAG_LENGTH && isPrintable(text);
  if (ok) return;
  throw new InvalidOptionError(
    option,
    text,
    `use 1 to ${MAX_TAG_LENGTH} characters without control characters`,
  );
}
