import { RunNotFoundError } from "../engine/run-errors.ts";
import { BrokerError } from "../engine/usage-errors.ts";
import { putWake } from "../history/put-wake.ts";
import { readHead } from "../history/run-head.ts";
import type { Stored } from "../ports/run-log.ts";
import { type DeadLetter, decodeDeadLetter, encodeDeadLetter } from "../wire/dead-letter-codec.ts";
import { decodeSubmission } from "../wire/submission-codec.ts";
import type { ClientHost } from "./client-host.ts";
import { DeadLetterNotFoundError, DeadLetterNotReplayableError } from "./dead-letter-errors.ts";
import {
  type DeadLetterDetails,
  type DeadLetterView,
  type FoundLetter,
  previewOf,
} from "./dead-letter-view.ts";
import { placeOf, understood } from "./describe-message.ts";
import { openQueueOf } from "./send-signal.ts";

/** Letters about messages of the log: `<partition>/<sequence>`. The message stays where it is. */
export class LogLetters {
  readonly #host: Pick<ClientHost, "broker" | "clock">;

  constructor(host: Pick<ClientHost, "broker" | "clock">) {
    this.#host = host;
  }

  /** The newest of each partition, in order within it, that stand before what was read of it. */
  async newest(
    limit: number,
    before: ReadonlyMap<string, number>,
  ): Promise<readonly FoundLetter[]> {
    const partitions = [...before].filter(([place]) => place !== "ingress");
    const read = new Map(partitions.map(([place, sequence]) => [Number(place), sequence]));
    const found = await this.#host.broker.log.deadLetters(limit, read);
    return found.map((stored) => ({
      place: String(stored.partition),
      sequence: stored.sequence,
      view: viewOf(stored),
    }));
  }

  /**
   * A letter with the message that it is about, as far as that can be understood.
   * @throws {@link DeadLetterNotFoundError}, {@link BrokerError}
   */
  async show(id: string): Promise<DeadLetterDetails> {
    const { letter, stored } = await this.#read(id);
    const message = await this.#message(stored, letter);
    const view = viewOf(stored);
    if (message === undefined) return { ...view, message: undefined };
    const { kind, run } = placeOf(message.subject);
    const decoded = understood(message);
    return {
      ...view,
      message: {
        kind,
        runId: run?.id,
        ...previewOf(message.data),
        content: decoded.kind === "ok" ? decoded.value : undefined,
        trouble: decoded.kind === "ok" ? undefined : decoded.reason,
      },
    };
  }

  /**
   * Gives the message to its run after all: an input whose run exists by now is put into its inbox, its bytes as they are; a
   * submission that can be understood by now is handed to a worker. Safe to repeat: an input is folded once.
   * @throws {@link DeadLetterNotReplayableError} with what is in the way, {@link RunClosedError} when the run has ended,
   * {@link DeadLetterNotFoundError}, {@link BrokerError}
   */
  async replay(id: string): Promise<DeadLetterView> {
    const { letter, stored } = await this.#read(id);
    this.#checkOpen(id, letter);
    const message = await this.#message(stored, letter);
    if (message === undefined) throw refusal(id, "its message is gone from the log", DROP);
    const { kind, run } = placeOf(message.subject);
    const decoded = understood(message);
    if (decoded.kind === "foreign") throw refusal(id, decoded.reason, DROP);
    if (run === undefined) throw refusal(id, "no run can have its subject", DROP);
    if (kind === "h") throw refusal(id, "a history takes nothing from outside", DROP);
    if (kind === "in") {
      const queue = await openQueueOf(this.#host, run).catch((error: unknown) => {
        if (!(error instanceof RunNotFoundError)) throw error;
        throw refusal(id, `there is no run ${run.id}`, "Submit the run first, or drop the letter.");
      });
      await this.#host.broker.log.put(run, queue, message.data);
    } else await this.#wakeForSubmission(id, message);
    return this.#resolve(id, "replayed");
  }

  /**
   * Marks a letter as seen to: it is listed no more unless asked for. The message stays in the log.
   * @throws {@link DeadLetterNotFoundError}, {@link BrokerError}
   */
  drop(id: string): Promise<DeadLetterView> {
    return this.#resolve(id, "dropped");
  }

  /** Its own place in the queue is acked: a wake takes it. */
  async #wakeForSubmission(id: string, message: Stored): Promise<void> {
    const { run } = placeOf(message.subject);
    const decoded = decodeSubmission(message.data);
    if (run === undefined || decoded.kind !== "ok" || decoded.value.runId !== run.id) {
      throw refusal(id, "it is of another run than its subject says", DROP);
    }
    const { frame } = await readHead(this.#host.broker.log, run);
    if (frame !== undefined) throw refusal(id, `run ${run.id} has a history already`, DROP);
    const { queue } = decoded.value;
    const wake = { replaces: [message.sequence], resume: false, queue };
    await putWake(this.#host, run, queue, wake);
  }

  /** The first who resolves it says as what. */
  async #resolve(id: string, as: "replayed" | "dropped"): Promise<DeadLetterView> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const { letter, stored } = await this.#read(id);
      if (letter.resolved !== undefined) return viewOf(stored);
      const data = encodeDeadLetter({ ...letter, resolved: { as, at: this.#host.clock.now() } });
      const { status } = await this.#host.broker.log.rollUp(stored, data);
      if (status === "written") return viewOf({ ...stored, data });
    }
    throw new BrokerError(`It is not known whether dead letter ${id} was marked. Do it again.`);
  }

  #checkOpen(id: string, { resolved }: DeadLetter): void {
    if (resolved === undefined) return;
    const when = new Date(resolved.at).toISOString();
    throw refusal(id, `it was ${resolved.as} at ${when}`, "There is nothing to do.");
  }

  async #read(id: string): Promise<{ readonly letter: DeadLetter; readonly stored: Stored }> {
    const [partition, sequence] = partsOf(id);
    const stored = await this.#host.broker.log.deadLetter(partition, sequence);
    if (stored === undefined) throw new DeadLetterNotFoundError(id);
    const decoded = decodeDeadLetter(stored.data);
    if (decoded.kind === "ok") return { letter: decoded.value, stored };
    const reason = `this letter itself is foreign: ${decoded.reason}`;
    return { letter: { subject: stored.subject, sequence, reason, at: 0 }, stored };
  }

  /** The one that stands there now: after a roll-up it may be another one, which is none of this letter's. */
  async #message({ partition }: Stored, letter: DeadLetter): Promise<Stored | undefined> {
    const found = await this.#host.broker.log.message(partition, letter.sequence);
    return found?.subject === letter.subject ? found : undefined;
  }
}

function viewOf({ partition, sequence, subject, data }: Stored): DeadLetterView {
  const decoded = decodeDeadLetter(data);
  const about = Number(subject.split(".").at(-1)) || sequence;
  const id = `${partition}/${about}`;
  if (decoded.kind === "foreign") {
    const reason = `this letter itself is foreign: ${decoded.reason}`;
    const unknown = { at: undefined, state: "open", resolvedAt: undefined } as const;
    return { id, partition, sequence: about, subject, reason, ...unknown };
  }
  const { at, resolved, ...letter } = decoded.value;
  return {
    id,
    partition,
    ...letter,
    at: new Date(at),
    state: resolved?.as ?? "open",
    resolvedAt: resolved === undefined ? undefined : new Date(resolved.at),
  };
}

function partsOf(id: string): readonly [partition: number, sequence: number] {
  const parts = /^(\d{1,9})\/(\d{1,15})$/.exec(id);
  if (parts === null) throw new DeadLetterNotFoundError(id);
  return [Number(parts[1]), Number(parts[2])];
}

function refusal(id: string, reason: string, next: string): DeadLetterNotReplayableError {
  return new DeadLetterNotReplayableError(id, reason, next);
}

const DROP = "If nobody needs it, drop it.";
const MAX_TRIES = 5;
