import type { NamespaceReport, QueueReport, StreamReport, StreamSettings } from "../../inspect.ts";
import { humanBytes, humanDuration } from "../human-time.ts";
import { type Check, fail, ok, warn } from "./check.ts";

/** The namespace's streams, and the queues in them. */
export function namespaceChecks(
  name: string,
  namespace: NamespaceReport | undefined,
): readonly Check[] {
  if (namespace === undefined) {
    return [
      warn("namespace", {
        found: `${name} does not exist`,
        means: "the first submit or serve makes it, with one replica and one partition",
        todo: "check --namespace; for other settings connect with replicas and partitions first",
      }),
    ];
  }
  if (!namespace.isMillrace) {
    const means = "its stream has the name of a namespace, and was not made by Millrace";
    const todo = "use another namespace, or remove that stream";
    return [fail("namespace", { found: name, means, todo })];
  }
  return [
    size(name, namespace),
    ...namespace.streams.flatMap((stream) => streamChecks(stream)),
    ...namespace.others.flatMap((stream) => otherChecks(stream)),
    ...queueChecks(namespace.streams.flatMap(({ queues }) => queues)),
    deadLetters(namespace),
  ];
}

function size(name: string, { partitions, streams }: NamespaceReport): Check {
  const messages = sum(streams.map((stream) => stream.messages));
  const bytes = humanBytes(sum(streams.map((stream) => stream.bytes)));
  return ok("namespace", {
    found: `${name}: partitions ${partitions}, messages ${messages}, ${bytes}`,
    means: "runs are kept until they are archived",
  });
}

function streamChecks(stream: StreamReport): readonly Check[] {
  const { name, lost } = stream;
  if (lost === 0) return [...settingsChecks(stream), ...replicaChecks(stream)];
  const removed = ok(`log ${name}`, {
    found: `${lost} messages were removed`,
    means:
      "the archive and wake-ups that fired do that; whoever else purges makes runs stand still",
  });
  return [...settingsChecks(stream), removed, ...replicaChecks(stream)];
}

/** A stream beside the log: whoever connects makes it, so that an older namespace gets it too. */
function otherChecks(stream: StreamSettings): readonly Check[] {
  if (!stream.isMissing) return [...settingsChecks(stream), ...replicaChecks(stream)];
  const found = "it is missing";
  const means = "the namespace is older than this version, or somebody removed it";
  const todo = "connect with this version, by any command or worker: that makes it";
  return [warn(`stream ${stream.name}`, { found, means, todo })];
}

function settingsChecks({ name, differences }: StreamSettings): readonly Check[] {
  const check = `stream ${name}`;
  if (differences.length === 0) {
    return [ok(check, { found: "as it was made", means: "the protocol relies on it" })];
  }
  const found = differences.join("; ");
  const means = "the protocol relies on these settings: runs may be lost or stand still";
  return [fail(check, { found, means, todo: "set them back with: nats stream edit" })];
}

function replicaChecks({ name, lagging }: StreamSettings): readonly Check[] {
  if (lagging.length === 0) return [];
  const found = `offline or behind: ${lagging.join(", ")}`;
  const means = "one more loss may stop the stream";
  return [warn(`replicas of ${name}`, { found, means, todo: "look at these servers" })];
}

const SHORT_LEASE_MS = 1_000;

function queueChecks(reports: readonly QueueReport[]): readonly Check[] {
  const queues = new Map<string, QueueReport[]>();
  for (const report of reports) {
    queues.set(report.queue, [...(queues.get(report.queue) ?? []), report]);
  }
  return [...queues].map(([queue, parts]) => queueCheck(queue, parts));
}

function queueCheck(queue: string, parts: readonly QueueReport[]): Check {
  const name = `queue ${queue}`;
  const leases = [...new Set(parts.map(({ leaseMs }) => leaseMs))];
  const waiting = sum(parts.filter(({ kind }) => kind === "new").map((part) => part.waiting));
  const handedOut = sum(parts.map((part) => part.handedOut));
  const lease = leases.map(humanDuration).join(" and ");
  const found = `lease ${lease}, ${waiting} waiting, ${handedOut} with workers`;
  const wrong = parts.flatMap((part) => part.wrong);
  if (wrong.length > 0) {
    const means = `${wrong.join("; ")}: a message may be lost when a worker dies`;
    const todo = "set the consumers back: explicit acks, no limit of deliveries";
    return fail(name, { found, means, todo });
  }
  if (leases.length > 1) {
    const means = "its consumers have different leases: workers refuse to read it";
    return fail(name, { found, means, todo: "give all of them the same ack_wait" });
  }
  if ((leases[0] ?? 0) < SHORT_LEASE_MS) {
    const means = "a short pause of a worker is taken for its death";
    return warn(name, { found, means, todo: "use a lease of at least 1s" });
  }
  const means = `a dead worker's runs go to another one after ${lease}`;
  if (waiting > 0 && parts.every(({ openPulls, handedOut: held }) => openPulls + held === 0)) {
    return warn(name, {
      found,
      means: "nobody reads it now",
      todo: "start a worker: millrace serve",
    });
  }
  return ok(name, { found, means });
}

function deadLetters({ streams }: NamespaceReport): Check {
  const count = sum(streams.map((stream) => stream.deadLetters));
  const means = "messages that no worker could understand; nothing waits for them";
  if (count === 0) return ok("dead letters", { found: "0", means });
  const newest = streams.flatMap(({ newestDeadLetter: letter }) => letter ?? []).at(-1);
  const last = newest === undefined ? "" : `; the newest: ${newest.subject}: ${newest.reason}`;
  const found = `${count}${last}`;
  return warn("dead letters", { found, means, todo: "look at them: millrace dead" });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
