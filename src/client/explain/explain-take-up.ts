/** Runs that no worker has, and that one is to take up: what keeps them from it. */
import type { SlotRefusal } from "../../engine/slot-table.ts";
import { isServing, type WorkerPresence, workerStatus } from "../../engine/worker-presence.ts";
import type { AnyVerdict } from "./explanation.ts";
import type { QueueFacts, RunFacts } from "./run-facts.ts";
import { brief, count, some, when } from "./texts.ts";

/** A run that nobody took up yet. */
export function explainUnstarted(facts: RunFacts): AnyVerdict {
  const { startAt = 0, submittedAt = facts.now } = facts.submission ?? {};
  if (startAt > facts.now) return explainScheduled(facts, startAt, submittedAt);
  const waitsSince = Math.max(startAt, submittedAt);
  return explainObstacle(facts, waitsSince) ?? explainTurn(facts, waitsSince);
}

export function explainScheduled(facts: RunFacts, startAt: number, since: number): AnyVerdict {
  const nobody = servingWorkers(facts).length === 0;
  return {
    reason: "scheduled",
    sentence: `It is to start at ${when(startAt, facts)}.`,
    next: nobody
      ? `Nothing to do before then, but nobody serves queue ${facts.queue.name} now.`
      : "Nothing to do.",
    since: new Date(since),
    facts: { startAt: new Date(startAt) },
  };
}

/** What keeps every worker from taking the run up; nothing when one can. */
export function explainObstacle(facts: RunFacts, waitsSince: number): AnyVerdict | undefined {
  return (
    explainAbsence(facts, waitsSince) ?? explainPause(facts) ?? explainRefusal(facts, waitsSince)
  );
}

/** Nobody reads its queue, or nobody of those knows its flow. */
export function explainAbsence(facts: RunFacts, waitsSince: number): AnyVerdict | undefined {
  const { flow, queue } = facts;
  const { name } = queue;
  const serving = servingWorkers(facts);
  if (serving.length === 0) return explainNobody(facts, waitsSince);
  // Who does not know a flow passes its runs on to the queue of the flow's name.
  const isKnown = queue.workers.some(
    (worker) =>
      isThere(worker, queue, facts.now) &&
      worker.flows.includes(flow) &&
      (worker.queues.includes(name) || worker.queues.includes(flow)),
  );
  if (isKnown) return undefined;
  const workers = serving.map(({ worker }) => worker);
  return {
    reason: "flow-unknown",
    sentence: `Queue ${name} is served by ${some(workers)}, and none of them knows ${flow}.`,
    next: `Serve a file that exports ${flow}: it is taken up then.`,
    since: new Date(waitsSince),
    facts: { queue: name, flow, workers },
  };
}

function explainNobody(facts: RunFacts, waitsSince: number): AnyVerdict {
  const { name, workers } = facts.queue;
  const last = newest(workers.filter(({ queues }) => queues.includes(name)));
  const next = `Start a worker that serves it: millrace serve <file that exports ${facts.flow}>`;
  if (last === undefined) {
    return {
      reason: "nobody-serves-queue",
      sentence: `Nobody serves queue ${name}, and nobody did within the last day.`,
      next,
      since: new Date(waitsSince),
      facts: { queue: name, lastWorker: undefined },
    };
  }
  const status = facts.queue.absent.has(last.worker) ? "gone" : workerStatus(last, facts.now);
  const how = status === "gone" ? "was last seen" : status === "draining" ? "drains" : "stopped";
  const at = status === "draining" ? "" : ` at ${when(last.seenAt, facts)}`;
  return {
    reason: "nobody-serves-queue",
    sentence: `Nobody serves queue ${name}: the last worker, ${last.worker}, ${how}${at}.`,
    next,
    since: new Date(Math.max(last.seenAt, waitsSince)),
    facts: {
      queue: name,
      lastWorker: { id: last.worker, status, seenAt: new Date(last.seenAt) },
    },
  };
}

function explainPause({ queue }: RunFacts): AnyVerdict | undefined {
  const { name, paused } = queue;
  if (!paused) return undefined;
  return {
    reason: "queue-paused",
    sentence: `Queue ${name} is paused: nothing of it starts or goes on.`,
    next: `Let it go on: millrace queue resume ${name}`,
    since: undefined,
    facts: { queue: name },
  };
}

function explainRefusal(facts: RunFacts, waitsSince: number): AnyVerdict | undefined {
  const { refusal, said } = facts.queue;
  if (refusal !== undefined) return explainSlot(facts, refusal, waitsSince);
  if (said === undefined) return undefined;
  const first = said.holders[0];
  return {
    reason: "key-limit",
    sentence: `Its flow runs only so many at once of one key, and it waits for ${brief(said.text)}.`,
    next:
      first === undefined
        ? "Wait for those to end."
        : `Wait for those to end, or see why they do not: millrace explain ${first}`,
    since: new Date(waitsSince),
    facts: { waitsFor: said.text, holders: said.holders },
  };
}

function explainSlot(facts: RunFacts, refusal: SlotRefusal, waitsSince: number): AnyVerdict {
  const queue = facts.queue.name;
  const since = new Date(waitsSince);
  switch (refusal.reason) {
    case "limit": {
      const { limit, holders } = refusal;
      const names = holders.map(({ run }) => run);
      return {
        reason: "queue-limit",
        sentence: `Queue ${queue} lets ${count(limit, "run")} be active at once, and the slots are held by ${some(names)}.`,
        next: `Wait for one to end, or allow more: millrace queue set ${queue} --limit ${limit + 1}`,
        since,
        facts: {
          queue,
          limit,
          holders: holders.map(({ run, worker, since: at }) => ({
            run,
            worker,
            since: new Date(at),
          })),
        },
      };
    }
    case "rate": {
      const { rate, until } = refusal;
      const { limit, perMs } = rate;
      return {
        reason: "queue-rate",
        sentence: `Queue ${queue} lets ${count(limit, "run")} start in any ${perMs} ms, and the next may start at ${when(until, facts)}.`,
        next: `Wait, or allow more: millrace queue set ${queue} --rate <n>/<duration>`,
        since,
        facts: { queue, limit, perMs, until: new Date(until) },
      };
    }
    case "turn":
      return takingUp(facts, waitsSince, "a free slot is left to a worker that has waited longer");
    case "held":
      return takingUp(facts, waitsSince, `worker ${refusal.holder.worker} is taking it up`);
  }
}

/** Nothing is in its way but those before it. */
function explainTurn(facts: RunFacts, waitsSince: number): AnyVerdict {
  const { name, place } = facts.queue;
  const serving = servingWorkers(facts);
  const running = sum(serving.map((worker) => worker.running));
  const concurrency = sum(serving.map((worker) => worker.concurrency));
  const workers = serving.map(({ worker }) => worker);
  const before = place?.handedOut === false ? place.before : 0;
  const isFull = running >= concurrency;
  if (place?.handedOut !== false || (before === 0 && !isFull)) {
    const isLong = facts.now - waitsSince > LONG_MS;
    const why = isLong
      ? "a worker has its message and has not begun: its own limits may be used up, or the broker is slow"
      : "a worker is about to begin";
    return takingUp(facts, waitsSince, why);
  }
  return {
    reason: "backlog",
    sentence: `${count(before, "run waits", "runs wait")} before it in queue ${name}, whose ${count(workers.length, "worker")} execute ${running} of at most ${concurrency}.`,
    next: "Wait for its turn, or start more workers or raise their concurrency.",
    since: new Date(waitsSince),
    facts: { queue: name, before, workers, running, concurrency },
  };
}

/** A run that a worker gave up in good order, or that is to be woken, waits for one to take it up. */
export function takingUp(facts: RunFacts, waitsSince: number, why: string): AnyVerdict {
  const workers = servingWorkers(facts).map(({ worker }) => worker);
  const queue = facts.queue.name;
  return {
    reason: "taking-up",
    sentence: `It is to be taken up by a worker of queue ${queue}: ${why}.`,
    next: `Look again in a few seconds; if it stays so, look at the workers: millrace workers`,
    since: new Date(waitsSince),
    facts: { queue, workers },
  };
}

/** The workers that take runs from its queue now. */
export function servingWorkers({ queue, now }: RunFacts): readonly WorkerPresence[] {
  return queue.workers.filter(
    (worker) => isThere(worker, queue, now) && worker.queues.includes(queue.name),
  );
}

function isThere(worker: WorkerPresence, { absent }: QueueFacts, now: number): boolean {
  return isServing(worker, now) && !absent.has(worker.worker);
}

/** Who was the last to tell something. */
function newest(workers: QueueFacts["workers"]): WorkerPresence | undefined {
  return workers.toSorted((one, other) => other.seenAt - one.seenAt)[0];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Taking a run up takes no longer, if nothing is in its way. */
const LONG_MS = 10_000;
