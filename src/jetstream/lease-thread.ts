/**
 * The thread that keeps a worker's leases: it renews them over a connection of its own and answers other workers that
 * ask after a run, whatever the worker's event loop is doing (I12). Started by `jetstream-leases.ts`.
 */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { Msg, NatsConnection } from "@nats-io/nats-core";
import type { HeldToken } from "../engine/peer-watch/held-list.ts";
import { systemClock } from "../ports/clock.ts";
import type { HeldRun, MissingPeer } from "../ports/leases.ts";
import { askSubject } from "../wire/subjects.ts";
import { type DialOptions, dial } from "./dial.ts";
import { Segment } from "./lease-table.ts";
import { monotonicMs } from "./monotonic-ms.ts";
import { NatsPeerLink } from "./nats-peer-link.ts";
import { PeerWatch } from "./peer-watch.ts";

export interface LeaseThreadData {
  readonly dial: DialOptions;
  readonly namespace: string;
  readonly worker: string;
  readonly leaseMs: number;
  readonly maxBlockedMs: number;
  /** Whether it watches others, and lets them watch it. */
  readonly watch: boolean;
  /** One float64: when the worker's event loop last turned, by `monotonicMs`. */
  readonly beat: SharedArrayBuffer;
}

/** What the thread tells its worker. */
export type ThreadReport = { readonly asked: string } | { readonly missing: MissingPeer };

/** What the worker tells its thread: more memory for its messages, or that it leaves. */
type ToThread = SharedArrayBuffer | "leave";

const data = workerData as LeaseThreadData;
const beat = new Float64Array(data.beat);
const segments: Segment[] = [];
const WORK_IN_PROGRESS = Buffer.from("+WPI");

/** The event loop turns twice a second at least, if nothing keeps it from that. */
const SLOW_MS = 1_000;

/** Three renewals a lease: two may be lost. */
const RENEW_MS = Math.floor(data.leaseMs * 0.3);

const connection = await dial(data.dial, "leases");
connection.subscribe(askSubject(data.namespace, data.worker), {
  callback: (error, question) => {
    if (error !== null) return;
    const run = holds(question);
    question.respond(run === undefined ? "gone" : "held");
    // Whoever asked may have put something into its inbox, and relies on the worker to look (I6).
    if (typeof run === "string") report({ asked: run });
  },
});
const watch = data.watch ? openWatch() : undefined;
await connection.flush();
setInterval(() => renew(connection), RENEW_MS);
parentPort?.on("message", take);
parentPort?.postMessage("ready");
// It reconnects for ever; what closes it for good is a refusal. The worker is told by this thread's end.
const refusal = await connection.closed();
throw refusal ?? new Error("The connection that keeps the leases was closed.");

function report(what: ThreadReport): void {
  parentPort?.postMessage(what);
}

/** Watches others, and lets them watch this worker. */
function openWatch(): PeerWatch {
  const link = new NatsPeerLink(connection, data.namespace);
  const opened = new PeerWatch({
    worker: data.worker,
    link,
    clock: { ...systemClock, now: monotonicMs },
    held: tokens,
    isBlocked: () => blockedFor() > SLOW_MS,
    onMissing: (missing) => report({ missing }),
  });
  link.serve(data.worker, opened);
  return opened;
}

/** Memory that the worker has added is taken over before it is looked at: what it keeps there counts from the first instant. */
function takeSegments(): void {
  if (parentPort === null) return;
  for (;;) {
    const received: { readonly message: ToThread } | undefined = receiveMessageOnPort(parentPort);
    if (received === undefined) return;
    take(received.message);
  }
}

function take(message: ToThread): void {
  if (message === "leave") void leave();
  else segments.push(new Segment(message));
}

async function leave(): Promise<void> {
  await watch?.leave();
  process.exit();
}

function* tokens(keptBefore: number): Generator<HeldToken> {
  takeSegments();
  for (const segment of segments) yield* segment.tokens(keptBefore);
}

function renew(over: NatsConnection): void {
  takeSegments();
  if (blockedTooLong() || over.isClosed()) return;
  const young = monotonicMs() - RENEW_MS / 2;
  for (const segment of segments) {
    for (const entry of segment.entries()) {
      if (entry.keptAt < young) over.publish(entry.ackSubject, WORK_IN_PROGRESS);
    }
  }
}

/** The run that is asked after, if this worker holds it; null when the question does not name it. */
function holds(question: Msg): string | null | undefined {
  if (blockedTooLong()) return undefined;
  const asked = parse(question);
  if (asked === undefined) return undefined;
  takeSegments();
  for (const segment of segments) {
    for (const { partition, sequence, epoch } of segment.entries()) {
      if (sequence !== asked.token || epoch !== asked.epoch) continue;
      if (partition === asked.partition) return asked.run ?? null;
    }
  }
  return undefined;
}

function parse(question: Msg): Partial<HeldRun> | undefined {
  try {
    const asked = question.json<Partial<HeldRun> | null>();
    return typeof asked === "object" && asked !== null ? asked : undefined;
  } catch {
    return undefined; // Anybody can send anything here.
  }
}

/** A loop that is blocked for so long is taken for hung: its runs go to others. */
function blockedTooLong(): boolean {
  return blockedFor() > data.maxBlockedMs;
}

/** How long ago the worker's event loop last turned, in milliseconds. */
function blockedFor(): number {
  return monotonicMs() - (beat[0] ?? 0);
}
