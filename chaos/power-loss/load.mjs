// @ts-check
import { setTimeout as delay } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect as connectRaw } from "@nats-io/transport-node";
import pino from "pino";
import { connect, flow, serve, signal, task } from "../../dist/index.js";

const STREAM = "POWER";
const NAMESPACE = "power";
/** Publishes that wait for their acks at once. */
const PUBLISHERS = 16;
const PADDING = "x".repeat(256);

/** What a client was promised: publishes to a plain stream that were acked, runs that were accepted, effects that were had. */
export class Load {
  /** How many publishes to the plain stream were acked. */
  acked = 0;
  /** Those of them that were not found to be lost. @type {{ readonly sequence: number, readonly number: number, readonly at: number }[]} */ #kept =
    [];
  /** When each run was accepted. @type {Map<string, number>} */ accepted = new Map();
  /** What came of runs, as their client heard of it. @type {Map<string, unknown>} */ results =
    new Map();
  /** How many times each step was executed, by run and step: what happened in the world. @type {Map<string, number>} */ effects =
    new Map();
  /** @type {{ end(): Promise<void> }[]} */ #open = [];
  #replicas;
  #servers;
  #number = 0;
  #stopped = false;
  /** @type {Promise<unknown>[]} */ #loops = [];
  /** @type {import("../../dist/index.js").Millrace | undefined} */ #millrace;
  /** @type {import("@nats-io/transport-node").NatsConnection | undefined} */ #connection;

  /** @param {readonly string[]} servers @param {number} replicas */
  constructor(servers, replicas) {
    this.#servers = [...servers];
    this.#replicas = replicas;
  }

  get millrace() {
    if (this.#millrace === undefined) throw new Error("It has not begun.");
    return this.#millrace;
  }

  /** Makes the stream and the namespace, and connects. */
  async begin() {
    const servers = this.#servers;
    this.#connection = await connectRaw({
      servers,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
      timeout: 2_000,
    });
    const manager = await patiently(() => jetstreamManager(this.#raw));
    const stream = { name: STREAM, subjects: ["power.>"], num_replicas: this.#replicas };
    await patiently(() => manager.streams.add(stream));
    this.#millrace = await patiently(() =>
      connect({ servers, namespace: NAMESPACE, replicas: this.#replicas }),
    );
  }

  /** Publishes, submits and works until `stop`. */
  async run() {
    const worker = await patiently(() =>
      serve(this.#definitions(), { connection: this.millrace, lease: "2s", log: SILENT }),
    );
    this.#open.push({ end: () => worker.drain() });
    for (let n = 0; n < PUBLISHERS; n++) this.#loops.push(this.#publish());
    this.#loops.push(this.#submit());
  }

  /** Nothing new is begun any more. */
  async stop() {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async close() {
    this.#stopped = true;
    for (const one of this.#open) await one.end().catch(() => undefined);
    await this.#millrace?.close();
    await this.#connection?.close();
  }

  /** The acked publishes that are lost since this was asked last, and when the first of them was acked. */
  async lostPublishes() {
    const js = jetstream(this.#raw);
    const manager = await patiently(() => js.jetstreamManager());
    // What is published while this looks is not among what it finds.
    const acked = this.#kept.splice(0);
    const { state } = await patiently(() => manager.streams.info(STREAM));
    /** @type {Map<number, number>} */
    const there = new Map();
    if (state.messages > 0) {
      const consumer = await patiently(() => js.consumers.get(STREAM));
      for await (const message of await consumer.consume({ max_messages: 1_000 })) {
        there.set(message.seq, Number(message.string().split(" ")[0]));
        if (message.seq >= state.last_seq) break;
      }
    }
    const lost = acked.filter(({ sequence, number }) => there.get(sequence) !== number);
    const isLost = new Set(lost);
    this.#kept.push(...acked.filter((one) => !isLost.has(one)));
    return { count: lost.length, first: Math.min(...lost.map(({ at }) => at)) };
  }

  get #raw() {
    if (this.#connection === undefined) throw new Error("It has not begun.");
    return this.#connection;
  }

  async #publish() {
    const js = jetstream(this.#raw);
    while (!this.#stopped) {
      const number = ++this.#number;
      try {
        const { seq } = await js.publish(`power.${number % 64}`, `${number} ${PADDING}`, {
          timeout: 2_000,
        });
        this.acked++;
        this.#kept.push({ sequence: seq, number, at: Date.now() });
      } catch {
        await delay(50);
      }
    }
  }

  async #submit() {
    for (let n = 1; !this.#stopped; n++) {
      const key = `k${n}`;
      const run = await patiently(() => this.millrace.submit("trip", n, { key }));
      this.accepted.set(run.id, Date.now());
      void patiently(() =>
        this.millrace.signalOrSubmit("trip", n, { key, signalId: "go" }, go, n),
      ).catch(() => undefined);
      void run.result().then(
        (output) => this.results.set(run.id, output),
        (error) => this.results.set(run.id, error),
      );
      await delay(50);
    }
  }

  #definitions() {
    /** @param {string} run @param {string} step */
    const effect = (run, step) => {
      const id = `${run} ${step}`;
      const count = (this.effects.get(id) ?? 0) + 1;
      this.effects.set(id, count);
      return count;
    };
    const leg = task("leg", {}, async (/** @type {string} */ parent) => effect(parent, "leg"));
    const trip = flow("trip", {}, async (ctx, /** @type {number} */ n) => {
      const first = await ctx.step("first", () => effect(ctx.runId, "first"));
      await ctx.sleep(200 + (n % 7) * 100);
      const got = await ctx.receive(go);
      const child = await ctx.submit(leg, ctx.runId);
      const inner = await child.result();
      const last = await ctx.step("last", () => effect(ctx.runId, "last"));
      return { n, got, first, leg: inner, last };
    });
    return [trip, leg];
  }
}

const SILENT = pino({ level: "silent" });
/** @type {import("../../dist/index.js").Signal<number>} */
const go = signal("go");
/**
 * Asks again until there is an answer.
 * @template T
 * @param {() => Promise<T>} ask
 * @returns {Promise<T>}
 */
export async function patiently(ask) {
  for (let tries = 0; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries > 600) throw error;
      await delay(100);
    }
  }
}
