import { partitionOf } from "../engine/partition.ts";
import { type RunRef, runRefOfTokens } from "../engine/run-id.ts";

/** Where everything of one namespace stands (docs/protocol.md). The only place that builds or reads subjects. */
export class Subjects {
  readonly namespace: string;
  readonly partitions: number;

  constructor(namespace: string, partitions: number) {
    this.namespace = namespace;
    this.partitions = partitions;
  }

  partition(run: RunRef): number {
    return partitionOf(run, this.partitions);
  }

  stream(partition: number): string {
    return streamName(this.namespace, partition);
  }

  submission(run: RunRef, queue: string): string {
    return `mr.${this.namespace}.${this.partition(run)}.new.${queue}.${run.flow}.${run.token}`;
  }

  inbox(run: RunRef, queue: string): string {
    return `mr.${this.namespace}.${this.partition(run)}.in.${queue}.${run.flow}.${run.token}`;
  }

  timer(run: RunRef, queue: string): string {
    return `mr.${this.namespace}.${this.partition(run)}.tm.${queue}.${run.flow}.${run.token}`;
  }

  history(run: RunRef): string {
    return `mr.${this.namespace}.${this.partition(run)}.h.${run.flow}.${run.token}`;
  }

  /** Every history of a flow in one partition. */
  histories(partition: number, flow: string): string {
    return `mr.${this.namespace}.${partition}.h.${flow}.*`;
  }

  live(run: RunRef): string {
    return `mrlive.${this.history(run).slice("mr.".length)}`;
  }

  dead(partition: number, sequence: number): string {
    return `mr.${this.namespace}.${partition}.dead.${sequence}`;
  }

  queue(partition: number, kind: "new" | "in", queue: string): string {
    return `mr.${this.namespace}.${partition}.${kind}.${queue}.>`;
  }

  /** The run that a `new` or `in` subject speaks of, or nothing when no run can have this subject. */
  runOf(subject: string): RunRef | undefined {
    const [, , partition, , , flow, key, ...rest] = subject.split(".");
    return rest.length > 0 ? undefined : this.#runAt(partition, flow, key);
  }

  /** The same of a history's subject. */
  runOfHistory(subject: string): RunRef | undefined {
    const [, , partition, , flow, key, ...rest] = subject.split(".");
    return rest.length > 0 ? undefined : this.#runAt(partition, flow, key);
  }

  #runAt(partition = "", flow?: string, key?: string): RunRef | undefined {
    if (flow === undefined || key === undefined) return undefined;
    const run = runRefOfTokens(flow, key);
    return run !== undefined && this.partition(run) === Number(partition) ? run : undefined;
  }
}

export function streamName(namespace: string, partition: number): string {
  return `MR_${namespace}_${partition}`;
}

/** Where a worker's lease thread answers. */
export function askSubject(namespace: string, worker: string): string {
  return `mrask.${namespace}.${worker}`;
}
