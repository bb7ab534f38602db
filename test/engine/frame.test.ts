import { expect, test } from "vitest";
import { type FrameStatus, isActive, isClosed, isResumable } from "../../src/engine/frame.ts";

test.each<[FrameStatus, { active: boolean; closed: boolean; resumable: boolean }]>([
  ["running", { active: true, closed: false, resumable: false }],
  ["awaiting-retry", { active: true, closed: false, resumable: false }],
  ["cancelling", { active: true, closed: false, resumable: false }],
  ["suspended", { active: false, closed: false, resumable: false }],
  ["released", { active: false, closed: false, resumable: false }],
  ["parked", { active: false, closed: false, resumable: true }],
  ["completed", { active: false, closed: true, resumable: false }],
  ["failed", { active: false, closed: true, resumable: true }],
  ["crashed", { active: false, closed: true, resumable: true }],
  ["cancelled", { active: false, closed: true, resumable: false }],
])("a run that is %s is %o", (status, expected) => {
  const active = isActive(status);
  expect({ active, closed: isClosed(status), resumable: isResumable(status) }).toEqual(expected);
});
