/**
 * What a flow's context stands on, in a worker and in a debugger: what the flow asks for is matched with its history, and it is
 * given what its history holds. What is done about the rest is the business of whoever takes the commands.
 */
import type { Logger } from "pino";
import { ContextClosedError } from "../engine/flow-errors.ts";
import type { Asked, Command, Journal, Outcome } from "../engine/journal.ts";
import type { PlainPayload } from "../engine/payload.ts";
import type { RunEvent, RunEventBody } from "../engine/run-event.ts";
import { parseRunId, type RunId, type RunRef } from "../engine/run-id.ts";
import type { Submission } from "../engine/submission.ts";
import type { Annotated } from "./annotated.ts";
import type { AskedStep } from "./asked-step.ts";
import type { Cancellation } from "./cancellation.ts";
import { causesOf } from "./closing-event.ts";
import { commandValue } from "./command-outcome.ts";
import type { ContextHost } from "./context-host.ts";
import type { OpenedPayloads } from "./opened-payloads.ts";
import { Patches } from "./patches.ts";
import { RunChance } from "./run-chance.ts";
import type { PlannedChild } from "./run-children.ts";
import { markOwn } from "./stray-rejections.ts";

export class FlowHost implements ContextHost {
  readonly runId: RunId;
  readonly attempt: number;
  readonly #parts: FlowHostParts;
  readonly #patches: Patches;
  readonly #chance: RunChance;
  /** Which step a rebuilt error came from. */
  readonly #stepErrors = new WeakMap<Error, string>();

  constructor(parts: FlowHostParts, history: readonly RunEvent[]) {
    this.#parts = parts;
    this.runId = parts.submission.runId;
    // Each end that was not the last word: the run was continued by hand after it.
    this.attempt = 1 + history.filter(({ type }) => type === "Failed" || type === "Crashed").length;
    this.#patches = new Patches(history);
    this.#chance = new RunChance(this.runId, history);
  }

  /** The step that an error came from, if it came from one. */
  readonly stepOf = (error: Error): string | undefined => this.#stepErrors.get(error);

  get submission(): Submission {
    return this.#parts.submission;
  }

  get tags(): readonly string[] {
    return [...this.#parts.submission.tags, ...this.#parts.annotated.tags];
  }

  get now(): number {
    return this.#parts.journal.now;
  }

  get log(): Logger {
    return this.#parts.log();
  }

  get maxPayloadBytes(): number {
    return this.#parts.maxPayloadBytes;
  }

  /** The flow has been shown all that was copied from another run. */
  forked(): void {
    this.#chance.forked();
  }

  chance(place: string): () => number {
    return this.#chance.at(place);
  }

  naming(id: string): void {
    this.#parts.taker.naming?.(id);
  }

  step(id: string, step: AskedStep, shielded: boolean): Promise<unknown> {
    const prepare = (): void => this.#parts.taker.step(id, step);
    return this.#ask({ kind: "step", id, topic: "", shielded }, prepare);
  }

  async timer(id: string, fireAt: (now: number) => number, shielded: boolean): Promise<void> {
    const prepare = (): void => this.#parts.taker.timer(id, fireAt);
    await this.#ask({ kind: "timer", id, topic: "", shielded }, prepare);
  }

  receive(
    id: string,
    signal: string,
    until: ((now: number) => number) | undefined,
    shielded: boolean,
  ): Promise<PlainPayload | undefined> {
    const prepare = (): void => {
      if (until !== undefined) this.#parts.taker.timer(id, until);
    };
    const received = this.#ask({ kind: "receive", id, topic: signal, shielded }, prepare);
    return received as Promise<PlainPayload | undefined>;
  }

  async child(id: string, child: PlannedChild, shielded: boolean): Promise<RunRef> {
    const prepare = (): void => this.#parts.taker.child(id, child);
    const recorded = await this.#ask({ kind: "child", id, topic: child.run.id, shielded }, prepare);
    return parseRunId(recorded as RunId);
  }

  outcome(id: string, run: RunId, shielded: boolean): Promise<unknown> {
    return this.#ask({ kind: "outcome", id, topic: run, shielded }, () => undefined);
  }

  annotate(change: (annotated: Annotated) => void): void {
    change(this.#parts.annotated);
    this.#parts.onAnnotated();
  }

  patch(id: string): boolean {
    const { record, isPast } = this.#parts;
    const isNew = this.#patches.take(id, isPast(), () => record({ type: "Patched", patch: id }));
    this.#parts.taker.patched?.(id, isNew);
    return isNew;
  }

  undone(error: unknown): void {
    // Resumed by hand, the run would try that step again on top of what is no more.
    for (const at of causesOf(error)) this.#stepErrors.delete(at);
  }

  #ask(asked: Omit<Asked, "settle">, prepare: () => void): Promise<unknown> {
    const { kind, id } = asked;
    const { journal, taker, isOver } = this.#parts;
    if (isOver()) {
      return Promise.reject(markOwn(new ContextClosedError(this.runId, `${kind} ${id}`)));
    }
    return new Promise((resolve, reject) => {
      prepare();
      const settle = (outcome: Outcome): void => this.#settle(asked, outcome, resolve, reject);
      taker.asked(journal.open({ ...asked, settle }));
    });
  }

  #settle(
    asked: CommandName,
    outcome: Outcome,
    resolve: (value: unknown) => void,
    reject: (error: Error) => void,
  ): void {
    const { payloads, cancellation, taker } = this.#parts;
    const run = { id: this.runId, cancelReason: cancellation.reason, payloads };
    try {
      const value = commandValue(asked, outcome, run);
      taker.settled(asked, outcome);
      resolve(value);
    } catch (thrown) {
      const error = markOwn(thrown instanceof Error ? thrown : new Error(String(thrown)));
      if (outcome.type === "error") this.#stepErrors.set(error, asked.id);
      taker.settled(asked, outcome, error);
      reject(error);
    }
  }
}

/** Takes what a flow asks for, and hears what the flow was told. */
export interface CommandTaker {
  naming?(id: string): void;
  /** The flow passed a place where its code was changed, and was told which way to take. */
  patched?(id: string, isNew: boolean): void;
  /** The flow asks for a step. `asked` follows. */
  step(id: string, step: AskedStep): void;
  /** The flow asks for a time, by itself or as the limit of a receive. `asked` follows. */
  timer(id: string, fireAt: (now: number) => number): void;
  /** The flow asks for a child. `asked` follows. */
  child(id: string, child: PlannedChild): void;
  /** The flow has asked: it may have been told the outcome already. */
  asked(command: Command): void;
  /** The flow is told how a command ended, by an error if there is one. */
  settled(asked: CommandName, outcome: Outcome, error?: Error): void;
}

export type CommandName = Pick<Asked, "kind" | "id" | "topic">;

export interface FlowHostParts {
  readonly submission: Submission;
  readonly journal: Journal;
  readonly payloads: OpenedPayloads;
  readonly annotated: Annotated;
  readonly cancellation: Pick<Cancellation, "reason" | "see">;
  /** The largest value that can be sent or recorded. */
  readonly maxPayloadBytes: number;
  readonly taker: CommandTaker;
  readonly log: () => Logger;
  /** Notes what the flow does besides asking. */
  readonly record: (body: RunEventBody) => void;
  /** True while the flow does what it did before, in the history that is replayed. */
  readonly isPast: () => boolean;
  /** True when nothing may be asked for any more. */
  readonly isOver: () => boolean;
  /** The flow tells something of itself. */
  readonly onAnnotated: () => void;
}
