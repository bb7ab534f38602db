// @ts-check
/** What the flows of the load are asked to do, and what must come of it: pure, so that the right result is known beforehand. */
import { createHash } from "node:crypto";

/**
 * One thing that a flow does; it gives a value.
 * @typedef {{ readonly op: "step", readonly ms: number, readonly fails: number, readonly value: number }} StepOp
 *   a step whose first attempts throw; with 4 of them there is none left
 * @typedef {{ readonly op: "nap", readonly ms: number }} NapOp a step, a timer, a step
 * @typedef {{ readonly op: "receive", readonly count: number }} ReceiveOp the next signals
 * @typedef {{ readonly op: "timeout", readonly ms: number }} TimeoutOp waits for what never comes, so long
 * @typedef {{ readonly op: "all", readonly values: readonly number[], readonly ms: number, readonly concurrency: number }} AllOp
 * @typedef {{ readonly op: "child", readonly key: string, readonly flow: FlowName, readonly input: Input, readonly policy: "" | "cancel" | "abandon", readonly awaited: boolean }} ChildOp
 * @typedef {{ readonly op: "saga", readonly count: number, readonly ms: number, readonly fails: boolean }} SagaOp
 * @typedef {{ readonly op: "cached", readonly key: string }} CachedOp
 * @typedef {{ readonly op: "blob", readonly bytes: number, readonly salt: number }} BlobOp a large value, recorded and read again
 * @typedef {{ readonly op: "chance" }} ChanceOp numbers that must be the same in each replay
 * @typedef {{ readonly op: "hold" }} HoldOp waits for ever
 * @typedef {{ readonly op: "throw", readonly message: string }} ThrowOp
 * @typedef {StepOp | NapOp | ReceiveOp | TimeoutOp | AllOp | ChildOp | SagaOp | CachedOp | BlobOp | ChanceOp | HoldOp | ThrowOp} Op
 */

/** @typedef {"mixed" | "keyed" | "narrow"} FlowName */

/**
 * @typedef {object} Input
 * @property {readonly Op[]} ops
 * @property {string} [key] what the flow's limit counts by
 * @property {string} [padding] makes it a large input
 */

/**
 * How a run ends, or where it stays.
 * @typedef {{ readonly status: "completed", readonly output: unknown } | { readonly status: "failed", readonly message: string } | { readonly status: "cancelled" } | { readonly status: "waiting" }} End
 */

/** Attempts that each step has. */
export const ATTEMPTS = 4;

/** Of `keyed` for each key, and of the queue of `narrow`. */
export const LIMITS = Object.freeze({ keyed: 1, narrow: 2 });

/**
 * How a run ends that nobody stops.
 * @param {Input} input
 * @returns {End}
 */
export function endOf(input) {
  /** @type {unknown[]} */
  const output = [];
  let received = 0;
  for (const op of input.ops) {
    if (op.op === "hold") return { status: "waiting" };
    if (op.op === "throw") return { status: "failed", message: op.message };
    if (op.op === "receive") {
      output.push(Array.from({ length: op.count }, () => ++received));
    } else {
      output.push(valueOf(op));
    }
  }
  return { status: "completed", output };
}

/**
 * How many signals its flow receives.
 * @param {Input} input
 */
export function signalsOf({ ops }) {
  return ops.reduce((sum, op) => sum + (op.op === "receive" ? op.count : 0), 0);
}

/**
 * All runs that come of a plan, with the ends that are right for each.
 * @param {{ readonly id: string, readonly input: Input, readonly stop?: object | undefined }} run
 * @returns {readonly Expected[]}
 */
export function expectedOf({ id, input, stop }) {
  return familyOf({
    id,
    input,
    ends: [stop === undefined ? endOf(input) : CANCELLED],
    isSure: true,
  });
}

/**
 * @typedef {object} Expected
 * @property {string} id
 * @property {Input} input
 * @property {readonly End[]} ends one of them is right
 * @property {boolean} isSure it must exist: nothing can come before its submission
 */

/** @type {End} */
const CANCELLED = Object.freeze({ status: "cancelled" });

/** @param {Expected} run @returns {readonly Expected[]} */
function familyOf(run) {
  const children = run.input.ops.flatMap((op) => {
    if (op.op !== "child") return [];
    const ends = run.ends.flatMap((end) => endsUnder(op, end));
    // A run that is stopped may not have come as far as this child.
    const isSure = run.isSure && !run.ends.some(({ status }) => status === "cancelled");
    return familyOf({ id: `${op.flow}:${op.key}`, input: op.input, ends, isSure });
  });
  return [run, ...children];
}

/**
 * How a child may end when its parent ends like this.
 * @param {ChildOp} child
 * @param {End} parent
 * @returns {readonly End[]}
 */
function endsUnder(child, parent) {
  const own = endOf(child.input);
  const goesOn =
    child.policy === "abandon" ||
    parent.status === "waiting" ||
    (child.policy === "" && parent.status !== "cancelled");
  if (goesOn) return [own];
  // One that has an end of its own may come to it first.
  return own.status === "waiting" ? [CANCELLED] : [own, CANCELLED];
}

/** @param {Exclude<Op, HoldOp | ThrowOp | ReceiveOp>} op */
function valueOf(op) {
  switch (op.op) {
    case "step":
      return op.fails >= ATTEMPTS ? `gave up on ${op.value}` : op.value;
    case "nap":
      return "slept";
    case "timeout":
      return "nothing came";
    case "all":
      return op.values.map((value) => value * 2);
    case "child":
      if (!op.awaited) return "submitted";
      return endOf(op.input);
    case "saga":
      return op.fails ? "undone" : "done";
    case "cached":
      return cachedValue(op.key);
    case "blob":
      return digestOf(largeText(op.bytes, op.salt));
    case "chance":
      return true;
  }
}

/** @param {string} key */
export function cachedValue(key) {
  return `value of ${key}`;
}

/** @param {number} bytes @param {number} salt */
export function largeText(bytes, salt) {
  const piece = `${createHash("sha256").update(String(salt)).digest("hex")} `;
  return piece.repeat(Math.ceil(bytes / piece.length)).slice(0, bytes);
}

/** @param {string} text */
export function digestOf(text) {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
