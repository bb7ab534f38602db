import type { Attributes } from "../engine/attributes.ts";
import { type Duration, toMilliseconds } from "../engine/duration.ts";
import { isPrintable } from "../engine/names.ts";
import type { Priority } from "../engine/priority.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";

export interface SubmitOptions {
  /**
   * The caller's own id for this piece of work: the same key is the same run. Default: what the definition's `key` makes
   * of the input, or a new sortable id.
   */
  readonly key?: string;
  /** What to do when the key is taken: give a handle on that run, or throw {@link RunExistsError}. Default `attach`. */
  readonly ifExists?: "attach" | "reject";
  /** Texts to find the run by, such as `job:42`. At most 64 of at most 256 characters. */
  readonly tags?: readonly string[];
  /** Kept with the run and shown. At most 64 entries. */
  readonly metadata?: Readonly<Record<string, string>>;
  /**
   * Values to search the run by, on top of what a flow's `attributesOf` makes of the input: at most 32. Declared by the flow,
   * where its definition is given.
   */
  readonly attributes?: Attributes;
  /** Where the run waits for a worker. Default: the definition's queue. */
  readonly queue?: string;
  /** Which of the queue's new runs go first. Default `normal`. About one of ten that start is of the worst class that waits. */
  readonly priority?: Priority;
  /** Start not before this time: a `Date` or milliseconds since 1970. */
  readonly at?: Date | number;
  /** Start not before so long from now. Not together with `at`. */
  readonly delay?: Duration;
  /** Cancel the run if it has not ended by then: a `Date`, or how long from now. */
  readonly deadline?: Date | Duration;
}

/** What the options say, checked, with times in milliseconds since 1970 and 0 for none. */
export interface CheckedOptions {
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly startAt: number;
  readonly deadlineAt: number;
}

/** @throws {@link InvalidOptionError}, {@link InvalidDurationError} */
export function checkSubmitOptions(options: SubmitOptions, now: number): CheckedOptions {
  const { at, delay, deadline } = options;
  if (at !== undefined && delay !== undefined) {
    throw new InvalidOptionError("at", at, "give at or delay, not both");
  }
  const startAt = at === undefined ? 0 : timeOf("at", at);
  return {
    tags: checkTags(options.tags ?? []),
    metadata: checkMetadata(options.metadata ?? {}),
    startAt: delay === undefined ? startAt : now + toMilliseconds(delay),
    deadlineAt: deadlineOf(deadline, now),
  };
}

const MAX_TAGS = 64;
const MAX_TAG_LENGTH = 256;
/** The last time that a `Date` can hold. */
const LAST_TIME = 8_640_000_000_000_000;

function deadlineOf(deadline: Date | Duration | undefined, now: number): number {
  if (deadline === undefined) return 0;
  if (deadline instanceof Date) return timeOf("deadline", deadline);
  return now + toMilliseconds(deadline);
}

function timeOf(option: string, time: Date | number): number {
  const ms = Number(time);
  if (ms >= 0 && ms <= LAST_TIME) return Math.ceil(ms);
  throw new InvalidOptionError(option, time, "give a Date or milliseconds since 1970");
}

/** @throws {@link InvalidOptionError} */
export function checkTags(tags: readonly string[]): readonly string[] {
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
