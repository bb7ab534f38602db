import type { RunRow } from "../../../src/projections/run-row.ts";

/** A run that was submitted and no more, but for what is given. */
export function runRow(given: Partial<RunRow> = {}): RunRow {
  const flow = given.flow ?? "checkout";
  const key = given.key ?? "order-1";
  const id = `${flow}:${key}`;
  return {
    id,
    flow,
    key,
    queue: "default",
    partition: 0,
    status: "pending",
    parent: "",
    root: id,
    depth: 0,
    submittedAt: 1_700_000_000_000,
    startAt: 0,
    deadlineAt: 0,
    startedAt: 0,
    updatedAt: 1_700_000_000_000,
    closedAt: 0,
    epoch: 0,
    takeOvers: 0,
    crashes: 0,
    worker: "",
    version: "",
    wakeAt: 0,
    waits: [],
    tags: [],
    addedTags: [],
    attributes: {},
    progress: undefined,
    parked: "",
    cancelReason: "",
    errorName: "",
    errorMessage: "",
    errorFingerprint: "",
    submissionSequence: 1,
    headSequence: 0,
    inboxFolded: 0,
    lastInput: 0,
    archived: "",
    ...given,
  };
}
