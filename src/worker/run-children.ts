/**
 * The runs that one run submitted.
 *
 * - **I5** A child's submission is published after the event that names it, and again by whoever takes the run up before it
 *   was given up in good order: its key is the same each time, so it is stored once.
 */
import type { InputBody } from "../engine/input.ts";
import type { Payload } from "../engine/payload.ts";
import { RunNotFoundError } from "../engine/run-errors.ts";
import type { ParentClosePolicy, RunEvent, RunEventBody } from "../engine/run-event.ts";
import { parseRunId, type RunRef } from "../engine/run-id.ts";
import type { RunOutcome } from "../engine/run-outcome.ts";
import type { ChildState } from "../engine/run-state.ts";
import type { Submission } from "../engine/submission.ts";
import { ownChild } from "../history/own-child.ts";
import { putInput } from "../history/put-input.ts";
import { readSubmission } from "../history/read-submission.ts";
import { readHead } from "../history/run-head.ts";
import { type Orphan, orphansOf, type TellHost, tellIfClosed } from "../history/tell-closed.ts";
import { encodeSubmission } from "../wire/submission-codec.ts";

/** A run that the flow asks to be submitted. */
export interface PlannedChild {
  readonly run: RunRef;
  readonly submission: Submission;
  readonly onParentClose: ParentClosePolicy;
}

export class RunChildren {
  readonly #parts: RunChildrenParts;
  readonly #plans = new Map<string, PlannedChild>();
  readonly #children = new Map<string, ChildState>();
  readonly #byRun = new Map<string, ChildState>();
  /** Those that were open when this run was told to stop: what it submits from then on is its clean-up. */
  #doomed: ReadonlySet<string> | undefined;
  /** Submissions that are on their way, by run. */
  readonly #unpublished = new Map<string, Promise<void>>();
  #publishing = 0;
  #stopped = false;

  constructor(parts: RunChildrenParts) {
    this.#parts = parts;
  }

  /** True while something that follows from the history is not published. */
  get busy(): boolean {
    return this.#publishing > 0;
  }

  plan(id: string, child: PlannedChild): void {
    this.#plans.set(id, child);
  }

  /** The event that names a child which the flow asked for. */
  eventOf(id: string): RunEventBody | undefined {
    const plan = this.#plans.get(id);
    if (plan === undefined) return undefined;
    const { run, submission, onParentClose } = plan;
    return {
      type: "ChildSubmitted",
      child: id,
      runId: run.id,
      queue: submission.queue,
      onParentClose,
    };
  }

  /** A child is in the history. `follow`: its submission may not be published yet. */
  submitted(
    event: Extract<RunEvent, { type: "ChildSubmitted" }>,
    { isWanted, follow }: { readonly isWanted: boolean; readonly follow: boolean },
  ): void {
    const { child: id, runId, queue, onParentClose } = event;
    const closed = !isWanted || (this.#byRun.get(runId)?.closed ?? false);
    this.#keep({ id, runId, queue, onParentClose, closed });
    const plan = this.#plans.get(id);
    this.#plans.delete(id);
    if (!isWanted || !follow || plan === undefined) return;
    const published = this.#follow(() => this.#publish(plan));
    this.#unpublished.set(runId, published);
    void published.then(() => this.#unpublished.delete(runId));
  }

  /** Learns from an event which children have closed, and which are to stop. */
  see(event: RunEvent): void {
    if (event.type === "CancelRequested") {
      this.#doomed ??= new Set(this.#children.keys());
      return;
    }
    if (event.type !== "InputFolded" || event.kind !== "closed") return;
    const child = this.#byRun.get(event.name);
    if (child !== undefined) this.#keep({ ...child, closed: true });
  }

  /**
   * The run is a fork: those of its children that are open were submitted by the run that it was copied from, which hears of
   * their end, as it does of the other runs that are awaited. This one asks to be told as well.
   */
  inherit(awaited: readonly string[]): void {
    const open = [...this.#children.values()].filter(({ closed }) => !closed);
    for (const id of new Set([...open.map(({ runId }) => runId), ...awaited])) {
      void this.#follow(() => this.#watchIfThere(parseRunId(id)));
    }
  }

  /** Asks every child to stop that was there when this run was told to, is open and not to be abandoned. */
  cancelOpen(reason: string): void {
    for (const child of this.#children.values()) {
      if (child.closed || child.onParentClose === "abandon" || !this.#doomed?.has(child.id))
        continue;
      void this.#follow(() => this.#cancel(child, reason));
    }
  }

  /** The children that are not to outlive an end like this. */
  orphans(outcome: RunOutcome): readonly Orphan[] {
    return orphansOf([...this.#children.values()], outcome);
  }

  /** Sends an input to another run. Nothing happens when there is none, or it has ended. */
  async send(run: RunRef, body: InputBody, inputId: string): Promise<void> {
    await this.#unpublished.get(run.id);
    const queue = await this.#queueOf(run);
    if (queue !== undefined) await this.#put(run, queue, body, inputId);
  }

  /**
   * Asks a run that somebody else started to tell this one when it has ended; it tells at once if it has already.
   * @throws {@link RunNotFoundError}
   */
  async watch(run: RunRef): Promise<void> {
    const { host, run: own, queue: ownQueue } = this.#parts;
    const queue = await this.#queueOf(run);
    if (queue === undefined) throw new RunNotFoundError(run.id, host.broker.log.namespace);
    const body: InputBody = { type: "Watch", runId: own.id, queue: ownQueue };
    await this.#put(run, queue, body, `watch/${own.id}/${run.id}`);
    // After the watch is in its inbox: if it ends from now on, whoever closes it sees the watch.
    await tellIfClosed(host, run, { queue, askedBy: own.id });
  }

  async #watchIfThere(run: RunRef): Promise<void> {
    try {
      await this.watch(run);
    } catch (error) {
      if (!(error instanceof RunNotFoundError)) throw error;
      this.#parts.onTrouble(error);
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  #keep(child: ChildState): void {
    this.#children.set(child.id, child);
    this.#byRun.set(child.runId, child);
  }

  async #publish({ run, submission }: PlannedChild): Promise<void> {
    const { log } = this.#parts.host.broker;
    const { queue, isKeyNew } = submission;
    // One key in two queues stands on two subjects: where it may be in another, look there first (docs/design.md, 3).
    const mayBeElsewhere = !isKeyNew && queue !== run.flow;
    const found = mayBeElsewhere ? await readSubmission(log, run) : undefined;
    if (found !== undefined) return this.#attach(run, found);
    const input = await this.#parts.seal(submission.input, `The input of ${run.id}`);
    const outcome = await log.submit(run, queue, encodeSubmission({ ...submission, input }));
    if (outcome.status === "unknown") throw outcome.cause;
    if (outcome.status === "written" || isKeyNew) return;
    const stored = await readSubmission(log, run, queue);
    if (stored !== undefined) await this.#attach(run, stored);
  }

  /** The key was taken: by this run before, which is told anyhow, or by somebody else. */
  async #attach(run: RunRef, { parent }: Submission): Promise<void> {
    if (parent?.runId !== this.#parts.run.id) await this.watch(run);
  }

  async #cancel(child: ChildState, reason: string): Promise<void> {
    const { host, run } = this.#parts;
    // Its submission may be on its way: whose it is can be read only then.
    await this.#unpublished.get(child.runId);
    const own = await ownChild(host.broker.log, run.id, child);
    if (own === undefined) return;
    await this.#put(
      own.run,
      own.queue,
      { type: "Cancel", reason },
      `cancel/${run.id}/${own.run.id}`,
    );
  }

  async #queueOf(run: RunRef): Promise<string | undefined> {
    const { log } = this.#parts.host.broker;
    const { frame } = await readHead(log, run);
    return frame?.queue ?? (await readSubmission(log, run, this.#byRun.get(run.id)?.queue))?.queue;
  }

  async #put(run: RunRef, queue: string, body: InputBody, inputId: string): Promise<void> {
    await putInput(this.#parts.host, run, queue, await this.#sealed(body), inputId);
  }

  async #sealed(body: InputBody): Promise<InputBody> {
    if (body.type !== "Signal") return body;
    const what = `The value of signal ${body.name}`;
    return { ...body, payload: await this.#parts.seal(body.payload, what) };
  }

  /** Does something until it is done, however long the broker is away. */
  #follow(publish: () => Promise<void>): Promise<void> {
    this.#publishing++;
    const again = async (): Promise<void> => {
      while (!this.#stopped) {
        try {
          return await publish();
        } catch (error) {
          this.#parts.onTrouble(error);
          await this.#parts.pause();
        }
      }
    };
    return again().finally(() => {
      this.#publishing--;
      if (this.#publishing === 0 && !this.#stopped) this.#parts.onDone();
    });
  }
}

export interface RunChildrenParts {
  readonly host: TellHost;
  readonly run: RunRef;
  readonly queue: string;
  readonly pause: () => Promise<void>;
  /** A payload as it may be sent. */
  readonly seal: (payload: Payload, what: string) => Payload | Promise<Payload>;
  /** All that follows from the history is published. */
  readonly onDone: () => void;
  /** Something was not published, and is tried again. */
  readonly onTrouble: (error: unknown) => void;
}
