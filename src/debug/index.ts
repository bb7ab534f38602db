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
export type { RunDiff, RunSide } from "./diff.ts";
export { diff } from "./diff.ts";
export type { CommandDifference, DiffVersionsOptions, VersionDiff } from "./diff-versions.ts";
export { diffVersions } from "./diff-versions.ts";
export type { Divergence, FactDifference, OrderDifference } from "./fact-diff.ts";
export { openedRun } from "./opened-run.ts";
export type { ProbableChange } from "./probable-change.ts";
export { replay } from "./replay.ts";
export type { ReplayEnd } from "./replay-end.ts";
export type { ReplayMoment, ReplayOptions, ReplayPayloads } from "./replay-options.ts";
export type { ReplayParks } from "./replay-parks.ts";
export type { EndsDiffer, Replay, ReplayedPatch } from "./replay-result.ts";
export type { ReplayedCommand } from "./replayed-command.ts";
export type { Fact } from "./run-facts.ts";
export type { RunTimings, Timing, TimingRow } from "./run-timings.ts";
export type { SharedPast } from "./shared-past.ts";
export type { Timeline } from "./timeline.ts";
export { timeline } from "./timeline.ts";
export type { BarKind, TimelineBar, TimelineMark, TimelineRow } from "./timeline-row.ts";
export type { TimelineSvgOptions } from "./timeline-svg.ts";
export { timelineSvg } from "./timeline-svg.ts";
export type { ValueDiff, ValueDifference, ValueDiffOptions } from "./value-diff.ts";
export { diffValues } from "./value-diff.ts";
