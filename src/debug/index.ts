export type { EventAddress, EventPlace } from "../engine/event-address.ts";
export { formatEventAddress, parseEventAddress } from "../engine/event-address.ts";
export type { Mismatch } from "../engine/journal.ts";
export type { RecordedRun } from "../history/recorded-run.ts";
export type { PlacedEvent } from "../history/resolve-address.ts";
export type { UnrepeatableCall } from "../worker/determinism-guard.ts";
export type { SourcePlace } from "../worker/user-place.ts";
export { type CheckOptions, check } from "./check.ts";
export {
  type CheckCause,
  type CheckReport,
  CheckTally,
  hasMisfits,
  hasUnchecked,
} from "./check-report.ts";
export { type CheckedRun, type CheckVerdict, checkRun, type ParkCause } from "./checked-run.ts";
export type { ProbableChange } from "./probable-change.ts";
export { replay } from "./replay.ts";
export type { ReplayEnd } from "./replay-end.ts";
export type { ReplayMoment, ReplayOptions, ReplayPayloads } from "./replay-options.ts";
export type { ReplayParks } from "./replay-parks.ts";
export type { EndsDiffer, Replay, ReplayedPatch } from "./replay-result.ts";
export type { ReplayedCommand } from "./replayed-command.ts";
