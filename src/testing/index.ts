export { assertEvents } from "./kit/assert-events.ts";
export { expectReplays, loadBundle } from "./kit/bundles.ts";
export type { StepPlace } from "./kit/crash-points.ts";
export type { EventPattern } from "./kit/event-pattern.ts";
export { CrashChangesRunError, CrashNotReachedError, TestStuckError } from "./kit/kit-errors.ts";
export type { Call, CallOutcome, StandIn, TestStepInfo } from "./kit/stand-ins.ts";
export {
  type SurvivalOptions,
  type SurvivalReport,
  survivesCrashes,
} from "./kit/survives-crashes.ts";
export { TestEngine, type TestEngineOptions } from "./kit/test-engine.ts";
export type { TestEvent } from "./kit/test-event.ts";
export { TestRun } from "./kit/test-run.ts";
export { ManualClock } from "./manual-clock.ts";
export { MemoryBlobStore } from "./memory-blob-store.ts";
export { MemoryBroker, type MemoryBrokerOptions } from "./memory-broker.ts";
export type { MemoryConnection } from "./memory-connection.ts";
export type { MemoryFaults, MemoryWrite, WriteFate } from "./memory-faults.ts";
