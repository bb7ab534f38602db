import { checkToken } from "../engine/names.ts";
import { type Layers, partitionCount, placesOf } from "../engine/partition.ts";
import { type RunRef, runRefOfTokens } from "../engine/run-id.ts";

/** Where everything of one namespace stands (docs/protocol.md). The only place that builds or reads subjects. */
export class Subjects {
  readonly namespace: string;
  readonly layers: Layers;
  readonly partitions: number;

  constructor(namespace: string, layers: Layers) {
    this.namespace = namespace;
    this.layers = layers;
    this.partitions = partitionCount(layers);
  }

  /** Where a run is that no older layer has. */
  partition(run: RunRef): number {
    return this.places(run)[0] ?? 0;
  }

  /** Where a run can be: in the newest layer, then in the older ones. */
  places(run: RunRef): readonly number[] {
    return placesOf(run, this.layers);
  }

  stream(partition: number): string {
    return streamName(this.namespace, partition);
  }

  submission(run: RunRef, queue: string, partition = this.partition(run)): string {
    return `mr.${this.namespace}.${partition}.new.${queue}.${run.flow}.${run.token}`;
  }

  inbox(run: RunRef, queue: string, partition = this.partition(run)): string {
    return `mr.${this.namespace}.${partition}.in.${queue}.${run.flow}.${run.token}`;
  }

  timer(run: RunRef, queue: string, order: number, partition = this.partition(run)): string {
    return `mr.${this.namespace}.${partition}.tm.${queue}.${run.flow}.${run.token}.${order}`;
  }

  history(run: RunRef, partition = this.partition(run)): string {
    return `mr.${this.namespace}.${partition}.h.${run.flow}.${run.token}`;
  }

  /** What says of a run that was submitted to another queue than its flow's, and has no history, that this partition has it. */
  pointer(run: RunRef, partition: number): string {
    return `mr.${this.namespace}.${partition}.at.${run.flow}.${run.token}`;
  }

  /** What is stored here was stored after everything that came through a former gate. */
  barrier(partition: number): string {
    return `mr.${this.namespace}.${partition}.at.${gateOf(this.layers) ?? "first"}`;
  }

  /**
   * Where to publish what is to be stored on a subject of the log: through the gate, whose name is another one after each
   * layer that is added. Who does not know of it stores nothing.
   */
  gated(subject: string): string {
    const gate = gateOf(this.layers);
    if (gate === undefined) return subject;
    const root = `mr.${this.namespace}.`;
    return `${root}${gate}.${subject.slice(root.length)}`;
  }

  /** Every history of a flow in one partition, or of all flows. */
  histories(partition: number, flow = "*"): string {
    return `mr.${this.namespace}.${partition}.h.${flow}.*`;
  }

  live(run: RunRef, partition = this.partition(run)): string {
    return liveSubject(this.history(run, partition));
  }

  dead(partition: number, sequence: number): string {
    return `mr.${this.namespace}.${partition}.dead.${sequence}`;
  }

  /** All dead letters of a partition. */
  allDead(partition: number): string {
    return `mr.${this.namespace}.${partition}.dead.*`;
  }

  control(key: string): string {
    return `mr.${this.namespace}.${CONTROL}.${key}`;
  }

  /** Where a question is asked. @throws {@link InvalidNameError} */
  question(subject: string): string {
    for (const token of subject.split(".")) checkToken("A question's subject", token);
    return `mrapi.${this.namespace}.${subject}`;
  }

  queue(partition: number, kind: "new" | "in", queue: string): string {
    return `mr.${this.namespace}.${partition}.${kind}.${queue}.>`;
  }

  /** The partition whose stream takes this subject. */
  partitionOfSubject(subject: string): number | undefined {
    const [root, namespace, token = ""] = subject.split(".");
    const partition = /^\d+$/.test(token) ? Number(token) : this.partitions;
    const isOurs = root === "mr" && namespace === this.namespace && String(partition) === token;
    return isOurs && partition < this.partitions ? partition : undefined;
  }

  /** All messages of one kind in a partition. */
  fed(partition: number, kind: string): string {
    return `mr.${this.namespace}.${partition}.${kind}.>`;
  }

  /** The token that says what kind of message stands on a subject of this partition. */
  kindOf(partition: number, subject: string): string {
    const from = `mr.${this.namespace}.${partition}.`.length;
    return subject.slice(from, subject.indexOf(".", from));
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
    return run !== undefined && this.places(run).includes(Number(partition)) ? run : undefined;
  }
}

export function streamName(namespace: string, partition: number): string {
  return `MR_${namespace}_${partition}`;
}

/** The token that writers of a namespace's log have to know; a namespace with one layer has none. */
export function gateOf(layers: Layers): string | undefined {
  return layers.length > 1 ? `gate${layers.length - 1}` : undefined;
}

/** Where the broker sends a copy of what is stored on a subject. */
export function liveSubject(subject: string): string {
  return `mrlive.${subject.slice("mr.".length)}`;
}

/** The stream of the namespace's control records. Partitions are numbers, so it is none of them. */
export function controlStreamName(namespace: string): string {
  return `MR_${namespace}_${CONTROL}`;
}

/** All subjects of the control records. */
export function controlSubjects(namespace: string): string {
  return `mr.${namespace}.${CONTROL}.>`;
}

const CONTROL = "control";

/** Where a worker's lease thread answers. */
export function askSubject(namespace: string, worker: string): string {
  return `mrask.${namespace}.${worker}`;
}

/** Where lease threads talk about who watches whom: to one worker's, or to all that would watch another one. */
export function watchSubject(namespace: string, worker?: string): string {
  return worker === undefined ? `mrwatch.${namespace}` : `mrwatch.${namespace}.${worker}`;
}
