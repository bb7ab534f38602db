/** The log of many runs as a broker would tell it: real messages, made while they are read. */
import { runRef } from "../dist/engine/run-id.js";
import { encodeFrame } from "../dist/wire/frame-codec.js";
import { encodeSubmission } from "../dist/wire/submission-codec.js";

const START = Date.UTC(2026, 0, 1);
const SPAN_MS = 90 * 86_400_000;
const FLOWS = 20;
const CUSTOMERS = 50_000;
/** How many submissions lie between a run's own and its start, and its end. */
const WAITS = 200;
const TAKES = 1_000;
const BATCH = 1_000;
const WORDS =
  "timeout connection refused upstream payment gateway invalid card declined database deadlock retry budget exhausted";
const NOTHING = { encoding: "undefined", data: new Uint8Array() };

/**
 * An event feed of one partition with three messages for each run: submitted, started, closed. One in 25 runs fails, one in
 * 200 is suspended and stays so. `spent` is what the making of the messages took: seconds, and seconds of CPU.
 */
export function syntheticFeed(runs) {
  const spent = { seconds: 0, cpu: 0 };
  const made = messages(runs);
  const last = runs * 3;
  return {
    spent,
    partitions: 1,
    layers: [1],
    extent: async () => ({ incarnation: "bench", first: 1, last, messages: last, bytes: 0 }),
    async *read(_partition, after, { signal, upTo }) {
      if (after > 0) throw new Error("The log is told once, from its start");
      while (!signal.aborted) {
        const begun = performance.now();
        const cpu = process.cpuUsage();
        const batch = [];
        for (let next = made.next(); !next.done; next = made.next()) {
          batch.push(next.value);
          if (batch.length === BATCH) break;
        }
        const { user, system } = process.cpuUsage(cpu);
        spent.seconds += (performance.now() - begun) / 1_000;
        spent.cpu += (user + system) / 1e6;
        if (batch.length > 0) yield batch;
        else if (upTo !== undefined) return;
        else await new Promise((resolve) => signal.addEventListener("abort", resolve));
      }
    },
  };
}

/** Times and values of a run by its number: the same for everybody who asks. */
export function syntheticRun(at, runs) {
  const chance = chances(at);
  const flow = `flow-${Math.floor(FLOWS * chance() ** 2)}`;
  const run = runRef(flow, `order-${at.toString(36)}`);
  const submittedAt = START + Math.floor((SPAN_MS * at) / runs);
  const tags = [`job:${at % 2_000}`, chance() < 0.3 ? "large" : "small"];
  if (chance() < 0.02) tags.push("vip");
  return {
    run,
    flow,
    queue: chance() < 0.9 ? "default" : "slow",
    submittedAt,
    closedAt: submittedAt + 500 + Math.floor(chance() * 60_000),
    tags,
    attributes: {
      customer: `customer-${Math.floor(chance() * CUSTOMERS)}`,
      amount: Math.floor(chance() * 10_000),
    },
    parent: chance() < 0.1 ? `flow-0:parent-${at % 5_000}` : undefined,
    end: chance(),
    chance,
  };
}

function* messages(runs) {
  const begun = new Map();
  let sequence = 0;
  for (let at = 0; at < runs + TAKES; at++) {
    if (at < runs) yield submission(syntheticRun(at, runs), ++sequence);
    const started = at - WAITS;
    if (started >= 0 && started < runs) {
      yield start(syntheticRun(started, runs), ++sequence);
      begun.set(started, sequence);
    }
    const closed = at - TAKES;
    if (closed >= 0) {
      yield end(syntheticRun(closed, runs), ++sequence, begun.get(closed));
      begun.delete(closed);
    }
  }
}

function submission({ run, queue, submittedAt, tags, attributes, parent }, sequence) {
  const data = encodeSubmission({
    runId: run.id,
    queue,
    submissionId: `s${sequence}`,
    input: NOTHING,
    tags,
    metadata: {},
    attributes,
    submittedAt,
    replyTo: "",
    isKeyNew: true,
    parent: parent && { runId: parent, queue: "default", root: parent, depth: 1 },
    startAt: 0,
    deadlineAt: 0,
  });
  const subject = `mr.bench.0.new.${queue}.${run.flow}.${run.token}`;
  return { kind: "new", subject, partition: 0, sequence, storedAt: submittedAt, data };
}

function start(run, sequence) {
  const at = run.submittedAt + 500;
  const event = {
    type: "Activated",
    at,
    epoch: 1,
    worker: "w1",
    token: 1,
    reason: "submitted",
    version: "1",
  };
  return frame(run, sequence, 0, "running", event);
}

function end(run, sequence, prev) {
  const { closedAt: at } = run;
  if (run.end < 0.005) {
    return frame(run, sequence, prev, "suspended", { type: "Suspended", at, wakeAt: 0 });
  }
  if (run.end < 0.045) {
    const failed = { type: "Failed", at, step: "", error: errorOf(run) };
    return frame(run, sequence, prev, "failed", failed);
  }
  return frame(run, sequence, prev, "completed", { type: "Completed", at, output: NOTHING });
}

function frame({ run, queue }, sequence, prev, status, event) {
  const data = encodeFrame({
    prev,
    epoch: 1,
    writer: "w1",
    status,
    inboxFolded: 0,
    token: 1,
    queue,
    annotated: 0,
    events: [event],
  });
  const subject = `mr.bench.0.h.${run.flow}.${run.token}`;
  return { kind: "h", subject, partition: 0, sequence, storedAt: event.at, data };
}

function errorOf({ chance }) {
  const words = WORDS.split(" ");
  const said = Array.from({ length: 8 }, () => words[Math.floor(chance() * words.length)]);
  const message = `${said.join(" ")} after ${Math.floor(chance() * 1e5)} ms`;
  const name = chance() < 0.5 ? "TimeoutError" : "CardDeclined";
  return { encoding: "error", data: new TextEncoder().encode(JSON.stringify({ name, message })) };
}

/** Numbers from 0 to 1 that depend on the seed alone (mulberry32). */
function chances(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
