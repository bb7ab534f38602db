import { decodeFrame } from "../../../dist/wire/frame-codec.js";
import { die } from "./effects.mjs";
import { report, settings } from "./settings.mjs";

/**
 * The broker, dying where the test says: `before-frame` just before the first frame with a certain event is sent,
 * `after-frame` just after it was acknowledged, `random` at either side of one append in so many. Refused appends are
 * reported.
 */
export function withCrashPoints(broker) {
  return { ...broker, log: withAppend(broker.log, append) };
}

async function append(log, run, expected, frame) {
  const point = pointOf(frame);
  if (point === "before-frame") die();
  const outcome = await log.append(run, expected, frame);
  if (point === "after-frame") die();
  if (outcome.status === "conflict") report({ refused: run.id });
  return outcome;
}

function pointOf(frame) {
  const { crash } = settings;
  if (crash === undefined) return undefined;
  if (crash.point === "random") {
    if (Math.random() >= 1 / crash.oneIn) return undefined;
    return Math.random() < 0.5 ? "before-frame" : "after-frame";
  }
  const decoded = decodeFrame(frame);
  if (decoded.kind !== "ok") return undefined;
  return decoded.value.events.some(isMeant) ? crash.point : undefined;
}

function isMeant(event) {
  const { crash } = settings;
  return event.type === crash.event && (crash.step ?? event.step) === event.step;
}

/** The log keeps its state in private fields: every other call goes to itself. */
function withAppend(log, replacement) {
  return new Proxy(log, {
    get(target, name) {
      if (name === "append") return (...args) => replacement(target, ...args);
      const value = target[name];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
