import type { BrokerReport } from "../../inspect.ts";
import { type Check, ok, warn } from "./check.ts";
import type { FsyncPolicy } from "./fsync-policy.ts";

/** What an acknowledged write survives. */
export function durabilityChecks(
  report: BrokerReport,
  fsync: FsyncPolicy,
  isEmbedded: boolean,
): readonly Check[] {
  const replicas = report.namespace?.streams[0]?.replicas;
  return [
    ...(replicas === undefined ? [] : [replicaCheck(replicas, isEmbedded)]),
    fsyncCheck(fsync, replicas ?? 1, isEmbedded),
    ...writeCheck(report.writes),
  ];
}

function replicaCheck(replicas: number, isEmbedded: boolean): Check {
  const found = String(replicas);
  if (replicas > 1) {
    const spare = Math.floor((replicas - 1) / 2);
    return ok("replicas", { found, means: `the log survives the loss of ${spare} of its servers` });
  }
  const means = "the log is on one server's disk: lose the disk, lose the runs";
  if (isEmbedded) return ok("replicas", { found, means: `${means}; right for development` });
  const todo = "for production use a cluster, and make the namespace with 3 replicas";
  return warn("replicas", { found, means, todo });
}

const ONLY_THE_PROCESS = "an ack survives the server's death, not the machine's";

function fsyncCheck(fsync: FsyncPolicy, replicas: number, isEmbedded: boolean): Check {
  if (!fsync.known) {
    return warn("fsync policy", {
      found: fsync.reason,
      means: `the default is every 2 min: ${ONLY_THE_PROCESS}; the time of a write is a hint`,
      todo: "look at jetstream.sync_interval in the server's configuration, or give --monitor <url>",
    });
  }
  const found = `${fsync.always ? "before each ack" : `every ${fsync.interval}`} (${fsync.source})`;
  if (fsync.always) {
    return ok("fsync policy", { found, means: "an ack survives a power cut of the machine" });
  }
  if (replicas > 1) {
    const means = `${ONLY_THE_PROCESS}; with ${replicas} replicas the others have it, unless their power fails too`;
    return ok("fsync policy", { found, means });
  }
  if (isEmbedded) return ok("fsync policy", { found, means: ONLY_THE_PROCESS });
  return warn("fsync policy", {
    found,
    means: ONLY_THE_PROCESS,
    todo: 'set jetstream { sync_interval: "always" }, or use 3 replicas on 3 machines',
  });
}

function writeCheck(writes: BrokerReport["writes"]): readonly Check[] {
  if (writes === undefined) return [];
  const name = "write latency";
  if ("refused" in writes) {
    const means = "how long a step waits for its result to be durable is not known";
    const todo = "allow this user to make streams, or pass --no-probe";
    return [warn(name, { found: `not measured: ${writes.refused}`, means, todo })];
  }
  const { medianMs, slowestMs, count } = writes;
  const found = `median ${medianMs.toFixed(2)} ms, slowest of ${count} ${slowestMs.toFixed(1)} ms`;
  const means = "what a step takes at least; under 0.3 ms on one server, no fsync is in it";
  if (medianMs < SLOW_MS) return [ok(name, { found, means })];
  return [
    warn(name, {
      found,
      means,
      todo: "look at the broker's disk and the way to it: steps wait this long",
    }),
  ];
}

const SLOW_MS = 50;
