import { once } from "node:events";
import { FatalError, flow, RetryAfter, task } from "../../../../dist/index.js";
import { effect, note } from "../effects.mjs";

const retry = { attempts: 4, delays: ["20ms", "60ms"] };

/** Fails until the attempt that is asked for. */
const flaky = task("flaky", { retry, queue: "retrying" }, (until, info) => {
  effect(info, { key: info.idempotencyKey });
  if (info.attempt < until) {
    throw Object.assign(new TypeError(`attempt ${info.attempt}`), {
      until,
      cause: new Error("deep"),
    });
  }
  return info.attempt;
});

/** Each throws or waits in its own way; all are allowed four attempts. */
const ways = {
  fatal: () => {
    throw new FatalError("DECLINED", "never again", { reason: 7 });
  },
  later: ({ attempt }) => {
    if (attempt === 1) throw new RetryAfter("700ms");
    return attempt;
  },
  picky: ({ attempt }) => {
    throw new Error(attempt === 2 ? "hopeless" : "try again");
  },
  slow: async (info) => {
    if (info.attempt > 1) return info.attempt;
    await once(info.signal, "abort");
    note({ run: info.runId, aborted: info.signal.reason.code });
    return "too late";
  },
  broken: () => {
    throw new Error("the policy itself is broken");
  },
};

const way = flow("way", { queue: "retrying" }, (ctx, name) =>
  ctx.step(
    name,
    (info) => {
      effect(info);
      return ways[name](info);
    },
    {
      retry: {
        ...retry,
        when: (error) => {
          if (error.message.includes("broken")) throw new Error("when threw");
          return error.message !== "hopeless";
        },
      },
      timeout: "300ms",
    },
  ),
);

const spread = flow("spread", { queue: "retrying" }, (ctx) =>
  ctx.step(
    "jittered",
    ({ attempt }) => {
      if (attempt === 1) throw new Error("once");
    },
    { retry: { delays: ["400ms"], jitter: 0.5 } },
  ),
);

/** Its second attempt is due long after a take-over. */
const patient = flow("patient", { queue: "retrying" }, (ctx) =>
  ctx.step(
    "patient",
    (info) => {
      effect(info);
      if (info.attempt < 3) throw new Error(`attempt ${info.attempt}`);
      return info.attempt;
    },
    { retry: { attempts: 3, delays: ["3s", "10ms"] } },
  ),
);

/** Catches what its step threw in the end. */
const careful = flow("careful", { queue: "retrying" }, async (ctx) => {
  try {
    await ctx.run(flaky, 9);
    return "no error";
  } catch (error) {
    return `${error.name}: ${error.message}, ${error.until}, ${error.cause.message}`;
  }
});

export const definitions = [flaky, way, spread, patient, careful];
