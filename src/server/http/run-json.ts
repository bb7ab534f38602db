import type { Static } from "typebox";
import type { Attributes, AttributeValue } from "../../engine/attributes.ts";
import { isClosed } from "../../engine/frame.ts";
import type { RunRow } from "../../projections/run-row.ts";
import { given } from "./given.ts";
import type { AttributesSchema, RunSchema } from "./schemas/run-schema.ts";

/** A row of the projection as the API tells of it: texts that are empty and times that are 0 are left out. */
export function runJson(row: RunRow): Static<typeof RunSchema> {
  return {
    ...factsOf(row),
    closed: isClosed(row.status),
    submittedAt: new Date(row.submittedAt).toISOString(),
    updatedAt: new Date(row.updatedAt).toISOString(),
    waits: [...row.waits],
    tags: [...new Set([...row.tags, ...row.addedTags])],
    attributes: attributesJson(row.attributes),
    archived: row.archived !== "",
    ...given({
      parent: text(row.parent),
      startAt: time(row.startAt),
      deadlineAt: time(row.deadlineAt),
      startedAt: time(row.startedAt),
      closedAt: time(row.closedAt),
      wakeAt: time(row.wakeAt),
      worker: text(row.worker),
      version: text(row.version),
      progress: row.progress,
      parked: text(row.parked),
      cancelReason: text(row.cancelReason),
      error: errorOf(row),
    }),
  };
}

function factsOf(row: RunRow) {
  const { id, flow, key, queue, status, root, depth, epoch, takeOvers, crashes } = row;
  return { id, flow, key, queue, status, root, depth, epoch, takeOvers, crashes };
}

export function attributesJson(attributes: Attributes): Static<typeof AttributesSchema> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      value instanceof Date ? { time: value.toISOString() } : value,
    ]),
  );
}

export function attributesOf(json: Static<typeof AttributesSchema>): Attributes {
  const valueOf = (value: (typeof json)[string]): AttributeValue =>
    typeof value === "object" ? new Date(value.time) : value;
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, valueOf(value)]));
}

function errorOf({ errorName, errorMessage, errorFingerprint }: RunRow) {
  if (errorName === "" && errorFingerprint === "") return undefined;
  return { name: errorName, message: errorMessage, fingerprint: errorFingerprint };
}

function text(value: string): string | undefined {
  return value === "" ? undefined : value;
}

function time(ms: number): string | undefined {
  return ms === 0 ? undefined : new Date(ms).toISOString();
}
