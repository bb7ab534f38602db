import type { ExecutingStep, RunActivity } from "../engine/run-activity.ts";
import { decodeRecord, encodeRecord, isObject } from "./control-json.ts";
import type { Decoded } from "./decoded.ts";
import { readWait, waitText } from "./wait-text.ts";

/** The question that a worker answers: what it does with a run (docs/protocol.md, "Asking"). */
export function activitySubject(worker: string): string {
  return `worker.${worker}.run`;
}

export function encodeActivityQuestion(run: string): Uint8Array {
  return encodeRecord({ run });
}

export function decodeActivityQuestion(bytes: Uint8Array): Decoded<string> {
  const decoded = decodeRecord(bytes, ({ run }) =>
    typeof run === "string" ? { run } : "it names no run",
  );
  return decoded.kind === "ok" ? { kind: "ok", value: decoded.value.run } : decoded;
}

/** Nothing for a run that the worker does not hold. */
export function encodeActivity(activity: RunActivity | undefined): Uint8Array {
  if (activity === undefined) return encodeRecord({ held: false });
  return encodeRecord({ held: true, ...activity, waits: activity.waits.map(waitText) });
}

/** `false` for a run that the worker does not hold. */
export function decodeActivity(bytes: Uint8Array): Decoded<RunActivity | false> {
  const decoded = decodeRecord(bytes, (fields) => {
    const { held, epoch, phase, steps, waits, waitsForSlot, attempts, crashLimit } = fields;
    if (held === false) return { activity: false as const };
    if (typeof epoch !== "number" || typeof crashLimit !== "number") return "it counts nothing";
    if (phase !== "replaying" && phase !== "going" && phase !== "leaving") return "it has no phase";
    if (!Array.isArray(steps) || !steps.every(isStep)) return "its steps are none";
    if (!Array.isArray(waits) || !waits.every((wait) => typeof wait === "string")) {
      return "its waits are none";
    }
    if (!isObject(attempts)) return "its attempts are none";
    const counts = Object.entries(attempts).flatMap(([step, count]) =>
      typeof count === "number" ? [[step, count] as const] : [],
    );
    const activity: RunActivity = {
      epoch,
      phase,
      steps,
      waits: waits.flatMap((wait) => readWait(wait) ?? []),
      waitsForSlot: waitsForSlot === true,
      attempts: Object.fromEntries(counts),
      crashLimit,
    };
    return { activity };
  });
  return decoded.kind === "ok" ? { kind: "ok", value: decoded.value.activity } : decoded;
}

function isStep(value: unknown): value is ExecutingStep {
  return (
    isObject(value) &&
    typeof value["step"] === "string" &&
    typeof value["attempt"] === "number" &&
    typeof value["startedAt"] === "number"
  );
}
