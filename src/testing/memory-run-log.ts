import type { RunRef } from "../engine/run-id.ts";
import { BrokerError } from "../engine/usage-errors.ts";
import type { RunHeadMessage, RunLog, Stored, WriteOutcome } from "../ports/run-log.ts";
import type { MemoryWrite } from "./memory-faults.ts";
import type { MemoryLink } from "./memory-link.ts";
import type { MemoryProcess } from "./memory-process.ts";
import type { MemoryStore } from "./memory-store.ts";

/** The run log as one connection sees it. */
export class MemoryRunLog implements RunLog {
  readonly namespace: string;
  readonly maxMessageBytes: number;
  readonly #broker: MemoryStore;
  readonly #process: MemoryProcess;
  readonly #link: MemoryLink;

  constructor(broker: MemoryStore, process: MemoryProcess, link: MemoryLink) {
    this.namespace = broker.subjects.namespace;
    this.maxMessageBytes = broker.maxMessageBytes;
    this.#broker = broker;
    this.#process = process;
    this.#link = link;
  }

  submit(run: RunRef, queue: string, submission: Uint8Array): Promise<WriteOutcome> {
    const subject = this.#broker.subjects.submission(run, queue);
    return this.#write("submit", run, subject, submission, 0);
  }

  append(run: RunRef, expected: number, frame: Uint8Array): Promise<WriteOutcome> {
    const subject = this.#broker.subjects.history(run);
    return this.#write("append", run, subject, frame, expected);
  }

  async put(run: RunRef, queue: string, input: Uint8Array): Promise<number> {
    const subject = this.#broker.subjects.inbox(run, queue);
    const outcome = await this.#write("put", run, subject, input);
    if (outcome.status === "written") return outcome.sequence;
    const cause = outcome.status === "unknown" ? outcome.cause : undefined;
    throw new BrokerError(`An input for ${run.id} was not confirmed. Send it again.`, { cause });
  }

  async wakeAt(
    run: RunRef,
    queue: string,
    { number, time }: { readonly number: number; readonly time: number },
    input: Uint8Array,
  ): Promise<void> {
    const { subjects, clock } = this.#broker;
    const order = {
      subject: subjects.timer(run, queue, number),
      target: subjects.inbox(run, queue),
    };
    const write: MemoryWrite = {
      process: this.#process,
      kind: "wake at",
      runId: run.id,
      data: input,
    };
    const data = input.slice();
    const outcome = await this.#link.ask<WriteOutcome>(
      () =>
        this.#meet(write, () => {
          this.#broker.schedule(order.subject, time - clock.now(), () =>
            this.#broker.store(order.target, data),
          );
          return 0;
        }),
      (cause) => ({ status: "unknown", cause }),
    );
    if (outcome.status === "written") return;
    const cause = outcome.status === "unknown" ? outcome.cause : undefined;
    throw new BrokerError(`A wake-up of ${run.id} was not confirmed.`, { cause });
  }

  rollUp(last: Stored, data: Uint8Array): Promise<WriteOutcome> {
    const { subject, sequence } = last;
    const run = this.#broker.subjects.runOfHistory(subject) ?? this.#broker.subjects.runOf(subject);
    const write: MemoryWrite = { process: this.#process, kind: "roll up", runId: run?.id, data };
    return this.#link.ask<WriteOutcome>(
      () =>
        this.#meet(write, () => {
          const stored = this.#broker.store(subject, data, sequence);
          if (stored !== undefined) this.#broker.remove(subject, stored - 1);
          return stored;
        }),
      (cause) => ({ status: "unknown", cause }),
    );
  }

  async clearInbox(run: RunRef, queue: string, upTo: number): Promise<void> {
    const subject = this.#broker.subjects.inbox(run, queue);
    const write: MemoryWrite = {
      process: this.#process,
      kind: "clear inbox",
      runId: run.id,
      data: new Uint8Array(),
    };
    const outcome = await this.#link.ask<WriteOutcome>(
      () =>
        this.#meet(write, () => {
          this.#broker.remove(subject, upTo);
          return 0;
        }),
      (cause) => ({ status: "unknown", cause }),
    );
    if (outcome.status === "written") return;
    const cause = outcome.status === "unknown" ? outcome.cause : undefined;
    throw new BrokerError(`The inbox of ${run.id} may not have been cleared.`, { cause });
  }

  async setAside(message: Stored, letter: Uint8Array): Promise<void> {
    const subject = this.#broker.subjects.dead(message.partition, message.sequence);
    const outcome = await this.#write("set aside", undefined, subject, letter, 0);
    if (outcome.status !== "unknown") return;
    throw new BrokerError(`Message ${message.sequence} could not be set aside.`, {
      cause: outcome.cause,
    });
  }

  head(run: RunRef): Promise<Stored | undefined> {
    const subject = this.#broker.subjects.history(run);
    return this.#read(() => this.#broker.on(subject).at(-1));
  }

  history(run: RunRef, upTo: number, from = 1): Promise<readonly Stored[]> {
    const subject = this.#broker.subjects.history(run);
    return this.#read(() =>
      this.#broker.on(subject).filter(({ sequence }) => from <= sequence && sequence <= upTo),
    );
  }

  async tellHistory(run: RunRef, upTo: number, tell: (message: Stored) => void): Promise<void> {
    for (const message of await this.history(run, upTo)) tell(message);
  }

  inbox(run: RunRef, queue: string, after: number): Promise<readonly Stored[]> {
    const subject = this.#broker.subjects.inbox(run, queue);
    return this.#read(() => this.#broker.on(subject).filter(({ sequence }) => sequence > after));
  }

  submission(run: RunRef, queue?: string): Promise<Stored | undefined> {
    const { subjects } = this.#broker;
    if (queue !== undefined) {
      const subject = subjects.submission(run, queue);
      return this.#read(() => this.#broker.on(subject).at(-1));
    }
    const stream = this.#broker.stream(subjects.partition(run));
    const [before, after] = subjects.submission(run, "*").split("*");
    return this.#read(() =>
      stream.lastMatching(
        (subject) => subject.startsWith(before ?? "") && subject.endsWith(after ?? ""),
      ),
    );
  }

  async *heads(flow?: string): AsyncIterable<RunHeadMessage> {
    const { streams, subjects } = this.#broker;
    for (const stream of streams) {
      // What stands there now, as one look: whatever is appended afterwards need not come.
      const subjectsNow = await this.#read(() => stream.subjects());
      for (const subject of subjectsNow) {
        const run = subjects.runOfHistory(subject);
        if (run === undefined || (flow !== undefined && run.flow !== flow)) continue;
        const head = await this.head(run);
        if (head !== undefined) yield { run, head };
      }
    }
  }

  deadLetters(limit: number, before?: ReadonlyMap<number, number>): Promise<readonly Stored[]> {
    return this.#read(() =>
      this.#broker.streams.flatMap(({ messages, partition }) => {
        const end = before?.get(partition) ?? Number.POSITIVE_INFINITY;
        return messages
          .filter(({ subject, sequence }) => subject.split(".")[3] === "dead" && sequence < end)
          .slice(-limit);
      }),
    );
  }

  deadLetter(partition: number, sequence: number): Promise<Stored | undefined> {
    const subject = this.#broker.subjects.dead(partition, sequence);
    return this.#read(() => this.#broker.streams[partition]?.on(subject).at(-1));
  }

  message(partition: number, sequence: number): Promise<Stored | undefined> {
    return this.#read(() => this.#broker.streams[partition]?.at(sequence));
  }

  async follow(run: RunRef, onFrame: (frame: Stored) => void): Promise<() => void> {
    const subject = this.#broker.subjects.history(run);
    let following = true;
    const stop = await this.#read(() =>
      this.#broker.follow(subject, (frame) => {
        this.#link.receive(() => {
          if (following) onFrame(frame);
        });
      }),
    );
    return () => {
      following = false;
      this.#link.send(stop);
    };
  }

  #read<T>(read: () => T): Promise<T> {
    return this.#link.ask(read, (cause) => {
      throw new BrokerError("The broker did not answer a read.", { cause });
    });
  }

  #write(
    kind: MemoryWrite["kind"],
    run: RunRef | undefined,
    subject: string,
    data: Uint8Array,
    expected?: number,
  ): Promise<WriteOutcome> {
    const write: MemoryWrite = { process: this.#process, kind, runId: run?.id, data };
    return this.#link.ask<WriteOutcome>(
      () => this.#meet(write, () => this.#broker.store(subject, data, expected)),
      (cause) => ({ status: "unknown", cause }),
    );
  }

  /** The write arrives at the broker, and meets whatever goes wrong there. */
  #meet(write: MemoryWrite, store: () => number | undefined): WriteOutcome | "unanswered" {
    const { faults, clock } = this.#broker;
    const fate = faults.beforeWrite?.(write) ?? "stored";
    if (this.#link.state === "crashed") return "unanswered";
    if (fate === "not stored") return { status: "unknown", cause: new Error("Lost on its way") };
    if (typeof fate === "object") {
      clock.after(fate.lateMs, store);
      return { status: "unknown", cause: new Error("Delayed on its way") };
    }
    const sequence = store();
    if (sequence === undefined) return { status: "conflict" };
    faults.afterWrite?.({ ...write, sequence });
    if (fate === "ack lost") return { status: "unknown", cause: new Error("Its ack was lost") };
    return { status: "written", sequence };
  }
}
