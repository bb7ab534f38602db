import type { AnyDefinition } from "../definition/definition.ts";
import type { SubmitOptions } from "../definition/submit-options.ts";
import { BrokerError, ConnectionClosedError, InvalidOptionError } from "../engine/usage-errors.ts";
import type { ClientHost } from "./client-host.ts";
import { type AnyIterable, Outcomes, workOnEach } from "./outcomes.ts";
import type { RunHandle } from "./run-handle.ts";
import { submit } from "./submit.ts";

/** One of many submissions. */
export type SubmitItem<Wire = unknown> = undefined extends Wire
  ? { readonly input?: Wire; readonly options?: SubmitOptions }
  : { readonly input: Wire; readonly options?: SubmitOptions };

export interface SubmitManyOptions {
  /** Submissions under way or waiting to be read, at most. Default 256. */
  readonly concurrency?: number;
  /** Begins no more when it aborts: the iteration gives the outcomes of what was begun, and then throws the reason. */
  readonly signal?: AbortSignal;
}

/** What came of one of many submissions; `index` is its place among the items, from 0. */
export type SubmitOutcome<Output = unknown> =
  /** It is durable. With a key that was taken, a handle on the run that has it. */
  | {
      readonly status: "accepted";
      readonly index: number;
      readonly handle: RunHandle<Output>;
    }
  /** Nothing was published: its input, its options or its key do not allow it. */
  | { readonly status: "refused"; readonly index: number; readonly error: Error }
  /** The broker did not confirm it in time: it may be stored. Submitting it again under the same key is safe. */
  | { readonly status: "unconfirmed"; readonly index: number; readonly error: Error };

/** Submits items in a pipeline, and tells what came of each in their order. */
export function submitMany(
  host: ClientHost,
  definition: AnyDefinition | string,
  items: AnyIterable<{ readonly input?: unknown; readonly options?: SubmitOptions }>,
  options: SubmitManyOptions,
): Outcomes<SubmitOutcome<never>> {
  const { concurrency = SUBMIT_MANY_DEFAULTS.concurrency, signal } = options;
  if (!(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw new InvalidOptionError("concurrency", concurrency, "give a whole number from 1");
  }
  return new Outcomes(() =>
    workOnEach(
      items,
      async (item, index): Promise<SubmitOutcome<never>> => {
        try {
          const handle = await submit(host, definition, item.input, item.options ?? {});
          return { status: "accepted", index, handle: handle as RunHandle<never> };
        } catch (thrown) {
          return refusal(index, thrown);
        }
      },
      { concurrency, order: "items", signal },
    ),
  );
}

const SUBMIT_MANY_DEFAULTS = Object.freeze({ concurrency: 256 } satisfies SubmitManyOptions);

function refusal(index: number, thrown: unknown): SubmitOutcome<never> {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const isUnknown = error instanceof BrokerError || error instanceof ConnectionClosedError;
  return { status: isUnknown ? "unconfirmed" : "refused", index, error };
}
