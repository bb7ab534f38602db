import type { BulkAction, BulkError, BulkJobRecord } from "../engine/bulk-job.ts";
import { decodeRecord, encodeRecord, isObject } from "./control-json.ts";
import type { Decoded } from "./decoded.ts";
import { messages } from "./messages.ts";
import { payloadOf } from "./payload-codec.ts";

/** The control record that holds a bulk job. */
export function bulkJobKey(id: string): string {
  return `${BULK_JOBS}.${id}`;
}

/** What the keys of all bulk jobs begin with. */
export const BULK_JOBS = "job";

export function encodeBulkJob(job: BulkJobRecord): Uint8Array {
  return encodeRecord({ ...job, action: actionToJson(job.action) });
}

export function decodeBulkJob(bytes: Uint8Array): Decoded<BulkJobRecord> {
  return decodeRecord<BulkJobRecord>(bytes, (fields) => {
    const wrong = Object.entries(FIELDS).find(([name, fits]) => !fits(fields[name]));
    if (wrong !== undefined) return `its ${wrong[0]} is none`;
    const { format: _, ...job } = fields;
    const action = actionFromJson(job["action"]);
    if (action === undefined) return "its action is not known";
    return { ...(job as unknown as BulkJobRecord), action };
  });
}

function actionToJson(action: BulkAction): object {
  if (action.type !== "signal") return action;
  const payload = messages.Payload.encode(action.payload).finish();
  return { ...action, payload: Buffer.from(payload).toString("base64") };
}

function actionFromJson(value: unknown): BulkAction | undefined {
  if (!isObject(value)) return undefined;
  const { type, reason, name, payload, from } = value;
  switch (type) {
    case "cancel":
    case "terminate":
      return typeof reason === "string" ? { type, reason } : undefined;
    case "resume":
    case "rerun":
      return { type };
    case "fork":
      return typeof from === "string" ? { type, from } : undefined;
    case "signal":
      if (typeof name !== "string" || typeof payload !== "string") return undefined;
      try {
        const bytes = Buffer.from(payload, "base64");
        return { type, name, payload: payloadOf(messages.Payload.decode(bytes)) };
      } catch {
        return undefined;
      }
    default:
      return undefined;
  }
}

const isText = (value: unknown): boolean => typeof value === "string";
const isAmount = (value: unknown): boolean =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
const isState = (value: unknown): boolean =>
  value === "running" || value === "done" || value === "cancelled";
const isError = (value: unknown): value is BulkError =>
  isObject(value) && ["run", "code", "message"].every((name) => isText(value[name]));

const FIELDS: Readonly<Record<keyof BulkJobRecord, (value: unknown) => boolean>> = {
  id: isText,
  query: isText,
  action: isObject,
  state: isState,
  createdAt: isAmount,
  finishedAt: isAmount,
  expected: isAmount,
  matched: isAmount,
  done: isAmount,
  skipped: isAmount,
  failed: isAmount,
  errors: (value) => Array.isArray(value) && value.every(isError),
  step: isAmount,
  by: isText,
  page: (value) => Array.isArray(value) && value.every(isText),
  cursor: (value) => value === undefined || isText(value),
};
