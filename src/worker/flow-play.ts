/**
 * One flow's function played against one history, in a worker and in a debugger alike: whether code fits a history is decided
 * here, and nowhere else.
 *
 * - **I7** The flow sees the history's events and nothing else, one at a time.
 */

import { attributesFromInput } from "../definition/attributes-from-input.ts";
import type { AnyDefinition, AnyFlow } from "../definition/definition.ts";
import type { FlowContext } from "../definition/flow-context.ts";
import { validate, validateOutput } from "../definition/standard-schema.ts";
import type { Mismatch } from "../engine/journal.ts";
import type { PlainPayload } from "../engine/payload.ts";
import { followUps, replayable } from "../engine/replayable.ts";
import type { RunEvent, RunEventBody } from "../engine/run-event.ts";
import { START_TIMER } from "../engine/step-id.ts";
import { decodeValue } from "../wire/value-codec.ts";
import { type ClosingRun, closingEvent } from "./closing-event.ts";
import { Context, declaredBy } from "./context.ts";
import type { DeterminismGuard } from "./determinism-guard.ts";
import { drained } from "./drained.ts";
import { FlowHost, type FlowHostParts } from "./flow-host.ts";
import { isShown, lastGoodOrder } from "./history-marks.ts";
import type { AttemptResult } from "./step-attempt.ts";

export class FlowPlay {
  readonly #parts: FlowPlayParts;
  readonly #host: FlowHost;
  #outcome: AttemptResult | undefined;
  #wasTold: boolean | undefined;
  #isPast: boolean;

  constructor(parts: FlowPlayParts, history: readonly RunEvent[]) {
    this.#parts = parts;
    this.#isPast = history.some(isShown);
    const { isOver } = parts;
    this.#host = new FlowHost(
      {
        ...parts,
        isPast: () => this.#isPast,
        isOver: () => isOver() || this.#outcome !== undefined,
      },
      history,
    );
  }

  /** How the flow's function ended, once it has. */
  get outcome(): AttemptResult | undefined {
    return this.#outcome;
  }

  /**
   * Checks the input, which may take time, then calls the flow's function, which must not: from then on it is shown events.
   */
  async begin(): Promise<void> {
    const { definition, guard, submission, openInput } = this.#parts;
    const context = new Context(this.#host, declaredBy(definition));
    const plain = await openInput();
    if (plain === undefined) return;
    let input: unknown;
    try {
      const given = decodeValue(plain);
      const subject = `flow ${definition.name}`;
      // A task's input is checked by its step.
      const isFlow = definition.kind === "flow";
      input = isFlow ? await validate(subject, definition.input, given) : given;
      if (isFlow) this.#tellAttributes(definition, given);
    } catch (error) {
      return this.end({ ok: false, error });
    }
    const call = async (): Promise<unknown> => {
      const { startAt } = submission;
      if (startAt > 0) await this.#host.timer(START_TIMER, () => startAt, false);
      return definition.kind === "task"
        ? context.run(definition, input)
        : validateOutput(
            definition,
            await guard.call(submission.runId, () =>
              (definition.fn as (ctx: FlowContext, input: unknown) => unknown)(context, input),
            ),
          );
    };
    call().then(
      (value) => this.end({ ok: true, value }),
      (error: unknown) => this.end({ ok: false, error }),
    );
  }

  /**
   * Shows the flow its history, as long as `goesOn`. Gives the first event that the flow did not ask for, if there is one.
   */
  async replay(history: readonly RunEvent[]): Promise<Unasked | undefined> {
    const { journal, payloads, goesOn, before, canShow, see } = this.#parts;
    const optional = followUps(history);
    const events = replayable(history);
    const followFrom = lastGoodOrder(events);
    const lastShown = events.findLastIndex(isShown);
    for (const [at, event] of events.entries()) {
      if (before !== undefined) await before(event);
      if (!goesOn()) return undefined;
      this.#isPast = at < lastShown;
      payloads.prefetch(events, at + 1);
      const opening = payloads.ready(event);
      if (opening !== undefined && !(await canShow(event, opening))) return undefined;
      see(event, at >= followFrom);
      const mismatch = journal.apply(event);
      if (mismatch !== undefined && !optional.has(event)) return { event, mismatch };
      if (event.type === "Forked") this.#host.forked();
      await drained();
    }
    return undefined;
  }

  /** The history is over: what the flow does from now on, it never did before. */
  goOn(): void {
    this.#isPast = false;
  }

  /** The flow's function has ended, or what it ended with cannot be recorded. */
  end(outcome: AttemptResult): void {
    this.#outcome = outcome;
    // What is left of a flow that has ended may be told still: that changes nothing any more, here or in a replay (I7).
    this.#wasTold ??= this.#parts.journal.cancellation === "told";
    this.#parts.onEnd();
  }

  /** The event by which the run closes when its function has ended so. */
  closing(
    outcome: AttemptResult,
    { encode, maxErrorBytes }: Pick<ClosingRun, "encode" | "maxErrorBytes">,
  ): RunEventBody {
    return closingEvent(outcome, {
      id: this.#parts.submission.runId,
      wasCancelled: this.#wasTold === true,
      cancelReason: this.#parts.cancellation.reason,
      maxErrorBytes,
      encode,
      stepOf: this.#host.stepOf,
    });
  }

  /** Who submitted the run may not have had the code: what its flow makes of the input is then told here. */
  #tellAttributes(definition: AnyFlow, input: unknown): void {
    if (definition.attributesOf === undefined) return;
    const { annotated, log, onAttributes, submission } = this.#parts;
    try {
      const made = Object.entries(attributesFromInput(definition, input));
      const { attributes: submitted } = submission;
      annotated.attributes(
        Object.fromEntries(made.filter(([name]) => !Object.hasOwn(submitted, name))),
      );
    } catch (err) {
      // What a run is found by decides nothing about it.
      log().warn({ err }, "The run has no search attributes of its input");
      return;
    }
    onAttributes();
  }
}

/** An event of the history that the flow did not ask for. */
export interface Unasked {
  readonly event: RunEvent;
  readonly mismatch: Mismatch;
}

export interface FlowPlayParts extends Omit<FlowHostParts, "isPast"> {
  readonly definition: AnyDefinition;
  readonly guard: DeterminismGuard;
  /** The input's bytes; nothing when they cannot be read here, which is then seen to. */
  readonly openInput: () => Promise<PlainPayload | undefined>;
  /** Search attributes were made of the input. */
  readonly onAttributes: () => void;
  /** The flow's function has ended. */
  readonly onEnd: () => void;
  /** Called before each event of a history. */
  readonly before?: (event: RunEvent) => Promise<void> | void;
  /** False when no more of the history is to be shown. */
  readonly goesOn: () => boolean;
  /** Waits until the flow can be shown an event. False when it cannot, which is then seen to. */
  readonly canShow: (event: RunEvent, opening: Promise<void>) => Promise<boolean>;
  /** What is to be known of an event before the flow sees it. `follow`: what follows from it may not be done. */
  readonly see: (event: RunEvent, follow: boolean) => void;
}
