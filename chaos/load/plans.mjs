// @ts-check
import { Random } from "../random.mjs";
import { ATTEMPTS, largeText, signalsOf } from "./model.mjs";

/**
 * What one client does about one run: made of the seed, the client's name and a number, so a client that was killed knows
 * again what it had planned.
 * @typedef {object} Plan
 * @property {number} number
 * @property {string} id of the run
 * @property {string} key
 * @property {import("./model.mjs").FlowName} flow
 * @property {import("./model.mjs").Input} input
 * @property {readonly number[]} signalGapsMs the pause before each signal; as many as the flow receives
 * @property {{ readonly how: "cancel" | "terminate", readonly afterMs: number } | undefined} stop
 */

/**
 * @param {string} seed
 * @param {string} client
 * @param {number} number
 * @returns {Plan}
 */
export function planOf(seed, client, number) {
  const random = new Random(`${seed}/${client}/${number}`);
  const flow = random.weighted(KINDS).flow;
  const key = `${client}-${number}`;
  const isStopped = random.chance(0.1);
  const maker = new Maker(random, key, flow === "mixed" ? 2 : 0);
  const ops = maker.ops(flow === "mixed" ? 1 + random.below(5) : 1 + random.below(2));
  // Runs that come under a limit execute for long enough to press against it.
  if (flow !== "mixed") {
    ops.unshift({
      op: "step",
      ms: 500 + random.below(1_500),
      fails: 0,
      value: random.below(1_000),
    });
  }
  if (isStopped || random.chance(0.01)) ops.push({ op: "hold" });
  else if (random.chance(0.05)) ops.push({ op: "throw", message: `${key} was to fail` });
  const input = {
    ops,
    ...(flow === "keyed" ? { key: `k${random.below(2)}` } : {}),
    ...(random.chance(0.03) ? { padding: largeText(200_000, random.below(1_000)) } : {}),
  };
  return {
    number,
    id: `${flow}:${key}`,
    key,
    flow,
    input,
    signalGapsMs: Array.from({ length: signalsOf(input) }, () => random.below(1_500)),
    stop: isStopped
      ? { how: random.chance(0.8) ? "cancel" : "terminate", afterMs: random.below(4_000) }
      : undefined,
  };
}

/** @type {readonly { readonly flow: import("./model.mjs").FlowName, readonly weight: number }[]} */
const KINDS = [
  { flow: "mixed", weight: 6 },
  { flow: "keyed", weight: 2 },
  { flow: "narrow", weight: 2 },
];

/** @typedef {(maker: Maker) => import("./model.mjs").Op} Make */

class Maker {
  /** @type {Random} */ random;
  #key;
  #depth;
  #children = 0;

  /**
   * @param {Random} random
   * @param {string} key of the run
   * @param {number} depth how many levels of children there may be
   */
  constructor(random, key, depth) {
    this.random = random;
    this.#key = key;
    this.#depth = depth;
  }

  /** @param {number} count @returns {import("./model.mjs").Op[]} */
  ops(count) {
    return Array.from({ length: count }, () => this.random.weighted(OPS).make(this));
  }

  /** Most steps are short; some are longer than a lease. */
  ms() {
    return this.random.chance(0.1) ? 500 + this.random.below(2_000) : this.random.below(120);
  }

  /** @returns {import("./model.mjs").Op} */
  child() {
    const { random } = this;
    if (this.#depth === 0) return this.random.weighted(PLAIN).make(this);
    const key = `${this.#key}-c${this.#children++}`;
    const maker = new Maker(random, key, this.#depth - 1);
    const kind = random.weighted(CHILDREN);
    const ops = maker.ops(1 + random.below(2)).filter(({ op }) => op !== "receive");
    // Whoever is stopped with its parent waits for that; nothing ends it otherwise.
    if (kind.holds) ops.push({ op: "hold" });
    const input = { ops };
    return { op: "child", key, flow: "mixed", input, policy: kind.policy, awaited: kind.awaited };
  }
}

/** @type {readonly { readonly weight: number, readonly policy: "" | "cancel" | "abandon", readonly awaited: boolean, readonly holds: boolean }[]} */
const CHILDREN = [
  { weight: 4, policy: "", awaited: true, holds: false },
  { weight: 2, policy: "cancel", awaited: false, holds: true },
  { weight: 1, policy: "abandon", awaited: false, holds: false },
];

/** @type {readonly { readonly weight: number, readonly make: Make }[]} */
const PLAIN = [
  {
    weight: 6,
    make: (maker) => ({
      op: "step",
      ms: maker.ms(),
      fails: maker.random.chance(0.25) ? 1 + maker.random.below(ATTEMPTS) : 0,
      value: maker.random.below(1_000),
    }),
  },
  { weight: 2, make: ({ random }) => ({ op: "nap", ms: napMs(random) }) },
  { weight: 1, make: ({ random }) => ({ op: "timeout", ms: 50 + random.below(1_500) }) },
  {
    weight: 2,
    make: (maker) => ({
      op: "all",
      values: Array.from({ length: 2 + maker.random.below(5) }, () => maker.random.below(100)),
      ms: maker.ms(),
      concurrency: 1 + maker.random.below(3),
    }),
  },
  {
    weight: 2,
    make: (maker) => ({
      op: "saga",
      count: 1 + maker.random.below(4),
      ms: maker.random.below(100),
      fails: maker.random.chance(0.6),
    }),
  },
  { weight: 1, make: ({ random }) => ({ op: "cached", key: `c${random.below(12)}` }) },
  {
    weight: 1,
    make: ({ random }) => ({
      op: "blob",
      bytes: 140_000 + random.below(200_000),
      salt: random.below(1_000_000),
    }),
  },
  { weight: 1, make: () => ({ op: "chance" }) },
];

/** @type {readonly { readonly weight: number, readonly make: Make }[]} */
const OPS = [
  ...PLAIN,
  { weight: 3, make: ({ random }) => ({ op: "receive", count: 1 + random.below(4) }) },
  { weight: 3, make: (maker) => maker.child() },
];

/** Short ones are kept in memory, long ones suspend the run. @param {Random} random */
function napMs(random) {
  return random.chance(0.3) ? 3_200 + random.below(4_000) : 20 + random.below(1_500);
}
