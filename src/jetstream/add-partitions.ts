/**
 * Adds partitions to a namespace (docs/design.md, section 3). Rules, each of which a crash at any point keeps:
 *
 * - Nobody works on a namespace to which partitions are being added: its record says so before anything else changes, and who
 *   connects is refused until all of it is done.
 * - The streams' gate changes: what is published by whoever knows only the former partitions is stored nowhere.
 * - Nothing is moved. A run is in the newest layer unless an older one has it, which a look at three literal subjects tells:
 *   its history, its submission in its flow's own queue, or the pointer that is written here for what has neither.
 */
import { createInbox, type NatsConnection } from "@nats-io/nats-core";
import { type Layers, partitionCount } from "../engine/partition.ts";
import type { RunRef } from "../engine/run-id.ts";
import { BrokerError, InvalidOptionError, SettingsMismatchError } from "../engine/usage-errors.ts";
import { Subjects, streamName } from "../wire/subjects.ts";
import { type DialOptions, dial } from "./dial.ts";
import { jsRequest } from "./js-request.ts";
import { readLastPerSubject } from "./last-per-subject.ts";
import { LeaderReads } from "./leader-reads.ts";
import { Mux } from "./mux.ts";
import { streamConfig } from "./namespace.ts";
import { isBeingAdded, isOurs, layersOf } from "./namespace-record.ts";
import { makeStream, streamInfo } from "./open-stream.ts";
import { Publisher } from "./publisher.ts";
import type { StreamConfig } from "./stream-settings.ts";

/**
 * Adds so many partitions, which from then on take all new runs; those that are stored stay where they are. Whatever is
 * connected to the namespace is disconnected. After a crash it is called again with the same number. One caller at a time.
 *
 * @throws {@link SettingsMismatchError} when another number of them is being added, {@link BrokerError} when the broker
 * refuses or there is no such namespace, {@link InvalidOptionError}
 */
export async function addPartitions(options: AddPartitionsOptions): Promise<AddedPartitions> {
  const { namespace, partitions } = options;
  if (!(Number.isInteger(partitions) && partitions > 0)) {
    throw new InvalidOptionError("partitions", partitions, "give a whole number from 1");
  }
  const connection = await dial(options, "client");
  try {
    const { former, replicas, isBegun } = await readFormer(connection, namespace, partitions);
    const layers = [...former, partitions];
    const configOf = (partition: number, adding = false): StreamConfig =>
      streamConfig(namespace, partition, { layers, isBeingAdded: adding }, replicas);
    const first = partitionCount(former);
    // What the broker may refuse comes first, while nothing is changed.
    for (let added = first; added < first + partitions; added++) {
      await makeOrSet(connection, configOf(added));
    }
    if (!isBegun) await checkUnchanged(connection, namespace, former);
    for (let partition = 0; partition < first; partition++) {
      await setStream(connection, configOf(partition, partition === 0));
    }
    const pointers = await seal(connection, { namespace, layers });
    await setStream(connection, configOf(0));
    return { layers, pointers };
  } finally {
    await connection.close();
  }
}

export interface AddPartitionsOptions extends DialOptions {
  readonly namespace: string;
  /** How many are added; the former ones take no new runs any more. */
  readonly partitions: number;
}

export interface AddedPartitions {
  /** How many partitions were made together, the oldest first: the last number is what was added. */
  readonly layers: Layers;
  /** Runs that wait in another queue than their flow's own and have no history yet: each got a pointer. */
  readonly pointers: number;
}

async function readFormer(
  connection: NatsConnection,
  namespace: string,
  partitions: number,
): Promise<{ readonly former: Layers; readonly replicas: number; readonly isBegun: boolean }> {
  const info = await streamInfo(connection, streamName(namespace, 0));
  if (info === undefined) throw new BrokerError(`There is no namespace ${namespace}.`);
  const layers = layersOf(info, namespace);
  const isBegun = isBeingAdded(info);
  const replicas = info.config.num_replicas;
  if (!isBegun) return { former: layers, replicas, isBegun };
  const begun = layers.at(-1);
  if (begun === partitions) return { former: layers.slice(0, -1), replicas, isBegun };
  throw new SettingsMismatchError(
    `Namespace ${namespace}`,
    [`${begun} partitions are being added to it, asked for ${partitions}`],
    `Finish that first: millrace namespace add-partitions ${begun}`,
  );
}

async function checkUnchanged(
  connection: NatsConnection,
  namespace: string,
  former: Layers,
): Promise<void> {
  const info = await streamInfo(connection, streamName(namespace, 0));
  const isSame =
    info !== undefined && !isBeingAdded(info) && layersOf(info, namespace).join() === former.join();
  if (isSame) return;
  throw new BrokerError(
    `Somebody else adds partitions to namespace ${namespace}. Look at it first.`,
  );
}

async function makeOrSet(connection: NatsConnection, config: StreamConfig): Promise<void> {
  if ((await streamInfo(connection, config.name)) === undefined)
    await makeStream(connection, config);
  // Left by somebody who died, or gave up, with another gate.
  else await setStream(connection, config);
}

/** Sets what a layer changes; whatever else somebody set on purpose stays. */
async function setStream(connection: NatsConnection, wanted: StreamConfig): Promise<void> {
  const info = await streamInfo(connection, wanted.name);
  if (info === undefined) throw new BrokerError(`Stream ${wanted.name} is missing.`);
  const { description, subjects, subject_transform, metadata: ours } = wanted;
  const others = Object.entries(info.config.metadata ?? {}).filter(([name]) => !isOurs(name));
  const metadata = Object.assign(Object.fromEntries(others), ours);
  const config = { ...info.config, description, subjects, subject_transform, metadata };
  await jsRequest(connection, `STREAM.UPDATE.${wanted.name}`, config);
}

/** Nothing new comes to the former partitions; writes down which runs only a search would find there. Gives their number. */
async function seal(
  connection: NatsConnection,
  { namespace, layers }: { readonly namespace: string; readonly layers: Layers },
): Promise<number> {
  const mux = new Mux(connection, createInbox());
  const publisher = new Publisher(connection, mux);
  const leader = new LeaderReads(connection, mux);
  const subjects = new Subjects(namespace, layers);
  const store = (subject: string): Promise<void> => storeOnce(publisher, subjects.gated(subject));
  try {
    let pointers = 0;
    const former = layers.slice(0, -1);
    const end = partitionCount(former);
    for (let partition = 0; partition < end; partition++) {
      // What was accepted before the gate changed is stored before this is.
      await store(subjects.barrier(partition));
    }
    // Those of older layers were written when theirs became one.
    for (let partition = end - (former.at(-1) ?? 0); partition < end; partition++) {
      const has = async (subject: string): Promise<boolean> =>
        (await leader.get(subjects.stream(partition), { last_by_subj: subject })) !== undefined;
      const point = async (run: RunRef): Promise<void> => {
        if (await has(subjects.history(run, partition))) return;
        pointers++;
        await store(subjects.pointer(run, partition));
      };
      for await (const runs of inBatches(searched(connection, subjects, partition))) {
        await Promise.all(runs.map(point));
      }
    }
    return pointers;
  } finally {
    leader.close();
    publisher.close(new Error("Closed"));
  }
}

/**
 * The runs of a partition that were submitted to another place than their flow's own queue. They are listed by any server of a
 * cluster: one that does not list the barrier, which was stored after all of them, is behind, and is asked for the rest later.
 */
async function* searched(
  connection: NatsConnection,
  subjects: Subjects,
  partition: number,
): AsyncIterable<RunRef> {
  const filter = subjects.fed(partition, "new");
  const barrier = subjects.barrier(partition);
  const stream = subjects.stream(partition);
  let listed = 0;
  for (let tries = 0; tries * PAUSE_MS < GIVE_UP_MS; tries++) {
    const messages = readLastPerSubject(connection, stream, filter, barrier);
    for await (const { subject, sequence } of messages) {
      if (subject === barrier) return;
      if (sequence <= listed) continue;
      listed = sequence;
      const run = subjects.runOf(subject);
      if (run !== undefined && subjects.placeOf(subject) !== run.flow) yield run;
    }
    await pause();
  }
  throw new BrokerError(`A server of stream ${stream} is too far behind.`);
}

async function* inBatches<T>(items: AsyncIterable<T>): AsyncIterable<readonly T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < AT_ONCE) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

/** It does no harm when it is stored twice. @throws {@link BrokerError} */
async function storeOnce(publisher: Publisher, subject: string): Promise<void> {
  const giveUpAt = Date.now() + GIVE_UP_MS;
  for (;;) {
    const outcome = await publisher.publish(subject, new Uint8Array());
    if (outcome.status === "written") return;
    const cause = outcome.status === "unknown" ? outcome.cause : undefined;
    if (Date.now() > giveUpAt) throw new BrokerError(`${subject} was not stored.`, { cause });
    // The servers of a cluster learn of the new gate one after the other.
    await pause();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, PAUSE_MS);
  });
}

const AT_ONCE = 64;
const GIVE_UP_MS = 30_000;
const PAUSE_MS = 100;
