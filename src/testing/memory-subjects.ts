import { checkToken } from "../engine/names.ts";
import { partitionOf } from "../engine/partition.ts";
import { type RunRef, runRefOfTokens } from "../engine/run-id.ts";
import { FED_KINDS, type FedKind } from "../ports/event-feed.ts";
import type { DeliveryKind } from "../ports/work-queue.ts";

/** Where everything stands in memory: the same subjects as on a real broker (docs/protocol.md). */
export class MemorySubjects {
  readonly namespace: string;
  readonly partitions: number;

  constructor(namespace: string, partitions: number) {
    this.namespace = namespace;
    this.partitions = partitions;
  }

  partition(run: RunRef): number {
    return partitionOf(run, this.partitions);
  }

  history(run: RunRef): string {
    return `${this.#prefix(this.partition(run))}.h.${run.flow}.${run.token}`;
  }

  waiting(kind: DeliveryKind, run: RunRef, queue: string): string {
    return `${this.#prefix(this.partition(run))}.${kind}.${queue}.${run.flow}.${run.token}`;
  }

  timer(run: RunRef, queue: string, order: number): string {
    return `${this.#prefix(this.partition(run))}.tm.${queue}.${run.flow}.${run.token}.${order}`;
  }

  /** Where a question is asked. @throws {@link InvalidNameError} */
  question(subject: string): string {
    for (const token of subject.split(".")) checkToken("A question's subject", token);
    return `mrapi.${this.namespace}.${subject}`;
  }

  dead(partition: number, sequence: number): string {
    return `${this.#prefix(partition)}.dead.${sequence}`;
  }

  /** What kind of message stands on a subject of this partition; nothing for what no feed gives. */
  fedKindOf(partition: number, subject: string): FedKind | undefined {
    return FED_KINDS.find((kind) => subject.startsWith(`${this.#prefix(partition)}.${kind}.`));
  }

  /** What a queue's consumer of one kind reads: every subject that begins so. */
  queuePrefix(partition: number, kind: DeliveryKind, queue: string): string {
    return `${this.#prefix(partition)}.${kind}.${queue}.`;
  }

  /** The partition whose stream takes this subject. */
  partitionOfSubject(subject: string): number | undefined {
    for (let partition = 0; partition < this.partitions; partition++) {
      if (subject.startsWith(`${this.#prefix(partition)}.`)) return partition;
    }
    return undefined;
  }

  /** The queue that a `new` or `in` subject names, or the place beside it. */
  placeOf(subject: string): string {
    return subject.split(".")[4] ?? "";
  }

  /** The run that a `new` or `in` subject speaks of, or nothing when no run can have this subject. */
  runOf(subject: string): RunRef | undefined {
    const [, , partition, , , flow, key, ...rest] = subject.split(".");
    return rest.length > 0 ? undefined : this.#runAt(partition, flow, key);
  }

  /** The same of a history's subject; nothing for any other subject. */
  runOfHistory(subject: string): RunRef | undefined {
    const [, , partition, kind, flow, key, ...rest] = subject.split(".");
    return kind !== "h" || rest.length > 0 ? undefined : this.#runAt(partition, flow, key);
  }

  #runAt(partition = "", flow?: string, key?: string): RunRef | undefined {
    if (flow === undefined || key === undefined) return undefined;
    const run = runRefOfTokens(flow, key);
    return run !== undefined && this.partition(run) === Number(partition) ? run : undefined;
  }

  #prefix(partition: number): string {
    return `mr.${this.namespace}.${partition}`;
  }
}
