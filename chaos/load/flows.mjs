// @ts-check
/** The flows of the load: they do what their input says, and the ledger is told of each step that is executed. */
import { isDeepStrictEqual } from "node:util";
import {
  CancelledError,
  FatalError,
  flow,
  RunCancelledError,
  RunFailedError,
  signal,
  task,
} from "../../dist/index.js";
import { ATTEMPTS, cachedValue, digestOf, LIMITS, largeText } from "./model.mjs";

/** @typedef {import("../../dist/index.js").FlowContext} Context */
/** @typedef {import("../../dist/index.js").StepInfo} StepInfo */
/** @typedef {(info: StepInfo, extra?: object) => Promise<() => Promise<void>>} Begin tells the ledger of an execution; what it gives tells of its end */

/** What runs receive. @type {import("../../dist/index.js").Signal<number>} */
export const number = signal("number");
/** What never comes. @type {import("../../dist/index.js").Signal<number>} */
const never = signal("never");

/** @type {import("../../dist/index.js").RetryOptions} */
const RETRY = { attempts: ATTEMPTS, delays: ["20ms", "100ms", "600ms"] };
/** Chaos kills more workers than a crash budget allows for. */
const CRASHES = { limit: 1_000 };

/**
 * @param {{ readonly begin: Begin, readonly build: string }} world
 * @returns {readonly import("../../dist/definition/served.js").Served[]}
 */
export function definitionsOf({ begin, build }) {
  /**
   * Does what a step is there for: takes its time, between two entries of the ledger.
   * @param {StepInfo} info @param {number} ms @param {object} [extra]
   */
  async function effect(info, ms, extra) {
    const end = await begin(info, extra);
    try {
      await patiently(ms, info.signal);
    } finally {
      await end();
    }
  }

  const cached = task(
    "cached",
    { cache: { key: (/** @type {string} */ key) => key, ttl: "5s" }, crashes: CRASHES },
    async (/** @type {string} */ key, info) => {
      await effect(info, 30);
      return cachedValue(key);
    },
  );
  const booking = task(
    "booking",
    {
      retry: RETRY,
      compensate: async (
        /** @type {string} */ booked,
        /** @type {{ place: string, ms: number }} */ { ms },
        info,
      ) => effect(info, ms, { undoes: booked }),
    },
    async (/** @type {{ place: string, ms: number }} */ { place, ms }, info) => {
      await effect(info, ms);
      return place;
    },
  );

  /** @type {{ [Kind in import("./model.mjs").Op["op"]]: (ctx: Context, op: Extract<import("./model.mjs").Op, { op: Kind }>, place: number) => Promise<unknown> }} */
  const players = {
    step: async (ctx, { ms, fails, value }) => {
      const run = async (/** @type {StepInfo} */ info) => {
        await effect(info, ms);
        if (info.attempt <= fails) throw new Error(`attempt ${info.attempt} fails`);
        return value;
      };
      try {
        return await ctx.step("step", run, { retry: RETRY });
      } catch (error) {
        if (error instanceof CancelledError) throw error;
        return `gave up on ${value}`;
      }
    },
    nap: async (ctx, { ms }) => {
      await ctx.step("before-nap", (info) => effect(info, 0));
      await ctx.sleep(ms);
      await ctx.step("after-nap", (info) => effect(info, 0));
      return "slept";
    },
    receive: async (ctx, { count }) => {
      const received = [];
      while (received.length < count) received.push(await ctx.receive(number));
      return received;
    },
    timeout: async (ctx, { ms }) =>
      (await ctx.receive(never, { timeout: ms })) === undefined ? "nothing came" : "what was that",
    all: (ctx, { values, ms, concurrency }) =>
      ctx.all(
        values,
        (value) =>
          ctx.step("part", async (info) => {
            await effect(info, ms / 4);
            return value * 2;
          }),
        { concurrency },
      ),
    child: async (ctx, { key, flow: name, input, policy, awaited }) => {
      const child = await ctx.submit(name, input, {
        key,
        ...(policy === "" ? {} : { onParentClose: policy }),
      });
      return awaited ? endOfChild(child) : "submitted";
    },
    saga: async (ctx, { count, ms, fails }, place) => {
      try {
        await ctx.saga(async (saga) => {
          for (let at = 0; at < count; at++) {
            const booked = `${place}/${at}`;
            if (at % 2 === 1) {
              await saga.run(booking, { place: booked, ms });
              continue;
            }
            await saga.step("book", async (info) => {
              await effect(info, ms);
              return booked;
            });
            saga.compensate("book", (info) => effect(info, ms, { undoes: booked }), {
              retry: RETRY,
            });
          }
          if (fails) throw new FatalError("SAGA", "it was to fail");
        });
        return "done";
      } catch (error) {
        if (error instanceof FatalError) return "undone";
        throw error;
      }
    },
    cached: (ctx, { key }) => ctx.run(cached, key),
    blob: async (ctx, { bytes, salt }) => {
      const text = await ctx.step("large", async (info) => {
        await effect(info, 0);
        return largeText(bytes, salt);
      });
      return ctx.step("digest", async (info) => {
        await effect(info, 20);
        return digestOf(text);
      });
    },
    chance: async (ctx) => {
      const drawn = [ctx.random(), ctx.uuid(), ctx.now()];
      const kept = await ctx.step("draw", async (info) => {
        await effect(info, 50);
        return drawn;
      });
      return isDeepStrictEqual(drawn, kept);
    },
    hold: (ctx) => ctx.receive(never),
    throw: (_ctx, { message }) => Promise.reject(new Error(message)),
  };

  /** @param {Context} ctx @param {import("./model.mjs").Input} input */
  async function play(ctx, input) {
    const output = [];
    try {
      for (const [place, op] of input.ops.entries()) {
        const player =
          /** @type {(ctx: Context, op: object, place: number) => Promise<unknown>} */ (
            players[op.op]
          );
        output.push(await player(ctx, op, place));
      }
      return output;
    } catch (error) {
      if (error instanceof CancelledError) await ctx.step("clean-up", (info) => effect(info, 20));
      throw error;
    }
  }

  const options = { crashes: CRASHES, version: build };
  const concurrency = {
    key: (/** @type {import("./model.mjs").Input} */ input) => input.key ?? "none",
    limit: LIMITS.keyed,
  };
  return [
    flow("mixed", options, play),
    flow("keyed", { ...options, concurrency }, play),
    flow("narrow", options, play),
  ];
}

/** @param {{ result(): Promise<unknown> }} child @returns {Promise<import("./model.mjs").End>} */
async function endOfChild(child) {
  try {
    return { status: "completed", output: await child.result() };
  } catch (error) {
    if (error instanceof RunCancelledError) return { status: "cancelled" };
    if (error instanceof RunFailedError) return { status: "failed", message: causeOf(error) };
    throw error;
  }
}

/** @param {RunFailedError} error */
export function causeOf({ cause }) {
  return cause instanceof Error ? cause.message : String(cause);
}

/** @param {number} ms @param {AbortSignal} abort */
function patiently(ms, abort) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(abort.reason);
    };
    const timer = setTimeout(() => {
      abort.removeEventListener("abort", stop);
      resolve(undefined);
    }, ms);
    if (abort.aborted) stop();
    else abort.addEventListener("abort", stop, { once: true });
  });
}
