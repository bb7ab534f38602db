import type { WorkerPresence } from "../engine/worker-presence.ts";
import { decodeRecord, encodeRecord } from "./control-json.ts";
import type { Decoded } from "./decoded.ts";

/** What the keys of all workers' records begin with. */
export const WORKERS = "worker";

/** The control record in which a worker tells of itself. It goes away a day after the last time. */
export function presenceKey(worker: string): string {
  return `${WORKERS}.${worker}`;
}

export function encodePresence(presence: WorkerPresence): Uint8Array {
  return encodeRecord(presence);
}

export function decodePresence(bytes: Uint8Array): Decoded<WorkerPresence> {
  return decodeRecord(bytes, (fields) => {
    const wrong = Object.entries(FIELDS).find(([name, fits]) => !fits(fields[name]));
    if (wrong !== undefined) return `its ${wrong[0]} is none`;
    const { worker, host, pid, node, version, state, queues, flows } = fields as Fields;
    const { concurrency, running, held, lagMs, startedAt, seenAt } = fields as Fields;
    const who = { worker, host, pid, node, version, state, queues, flows };
    return { ...who, concurrency, running, held, lagMs, startedAt, seenAt };
  });
}

type Fields = Readonly<Record<string, unknown>> & WorkerPresence;

const isText = (value: unknown): boolean => typeof value === "string";
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isAmount = (value: unknown): boolean =>
  typeof value === "number" && Number.isFinite(value) && value >= 0;
const isState = (value: unknown): boolean =>
  value === "serving" || value === "draining" || value === "stopped";

const FIELDS: Readonly<Record<keyof WorkerPresence, (value: unknown) => boolean>> = {
  worker: isText,
  host: isText,
  pid: isAmount,
  node: isText,
  version: isText,
  state: isState,
  queues: isTexts,
  flows: isTexts,
  concurrency: isAmount,
  running: isAmount,
  held: isAmount,
  lagMs: isAmount,
  startedAt: isAmount,
  seenAt: isAmount,
};
