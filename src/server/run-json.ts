import type { AttributeJson, RunJson } from "../client/run-summary.ts";
import type { Attributes } from "../engine/attributes.ts";
import { isClosed } from "../engine/frame.ts";
import type { RunRow } from "../projections/run-row.ts";

/** A row of the projection as servers tell of it: texts that are empty and times that are 0 are left out. */
export function runJson(row: RunRow): RunJson {
  const { id, flow, key, queue, status, root, depth, epoch, takeOvers, crashes } = row;
  return {
    id,
    flow,
    key,
    queue,
    status,
    root,
    depth,
    epoch,
    takeOvers,
    crashes,
    closed: isClosed(status),
    submittedAt: new Date(row.submittedAt).toISOString(),
    updatedAt: new Date(row.updatedAt).toISOString(),
    waits: row.waits,
    tags: [...new Set([...row.tags, ...row.addedTags])],
    attributes: attributesJson(row.attributes),
    archived: row.archived !== "",
    ...text("parent", row.parent),
    ...time("startAt", row.startAt),
    ...time("deadlineAt", row.deadlineAt),
    ...time("startedAt", row.startedAt),
    ...time("closedAt", row.closedAt),
    ...time("wakeAt", row.wakeAt),
    ...text("worker", row.worker),
    ...text("version", row.version),
    ...(row.progress === undefined ? {} : { progress: row.progress }),
    ...text("parked", row.parked),
    ...text("cancelReason", row.cancelReason),
    ...errorOf(row),
  };
}

export function attributesJson(attributes: Attributes): Readonly<Record<string, AttributeJson>> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      value instanceof Date ? { time: value.toISOString() } : value,
    ]),
  );
}

function errorOf({ errorName, errorMessage, errorFingerprint }: RunRow): Pick<RunJson, "error"> {
  if (errorName === "" && errorFingerprint === "") return {};
  return { error: { name: errorName, message: errorMessage, fingerprint: errorFingerprint } };
}

function text<Name extends string>(name: Name, value: string): { readonly [N in Name]?: string } {
  return (value === "" ? {} : { [name]: value }) as { [N in Name]?: string };
}

function time<Name extends string>(name: Name, ms: number): { readonly [N in Name]?: string } {
  return text(name, ms === 0 ? "" : new Date(ms).toISOString());
}
