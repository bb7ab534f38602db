export type { RedactedPath, RunFileBlob } from "./archive/run-file-format.ts";
export type { WebhookServing } from "./automation/webhooks/webhook-options.ts";
export type { Bundle, BundleSource } from "./bundle/bundle.ts";
export { bundlePayloads } from "./bundle/bundle-payloads.ts";
export type { ImportedRun, ImportOptions } from "./bundle/import-run.ts";
export type { ExportOptions } from "./bundle/make-bundle.ts";
export { type ReadBundleOptions, readBundle } from "./bundle/read-bundle.ts";
export { writeBundle } from "./bundle/write-bundle.ts";
export {
  Archive,
  type ArchivedOne,
  type ArchivedView,
  type VerifiedRun,
} from "./client/archive.ts";
export type { ArchivePlace } from "./client/archive-place.ts";
export type { ArchivePolicies } from "./client/archive-policies.ts";
export { BulkHandle, type BulkProgress } from "./client/bulk-handle.ts";
export type { DisableOptions } from "./client/check-webhook.ts";
export {
  DeadLetterNotFoundError,
  DeadLetterNotReplayableError,
} from "./client/dead-letter-errors.ts";
export type {
  DeadLetterDetails,
  DeadLetterView,
  DeadMessage,
} from "./client/dead-letter-view.ts";
export type {
  DeadLetterListOptions,
  DeadLetterPage,
  DeadLetters,
} from "./client/dead-letters.ts";
export type { EmitEventOptions, EmittedEvent } from "./client/emit.ts";
export { Events, type RetainOptions } from "./client/events.ts";
export type {
  ErrorFact,
  ExplainReason,
  Explanation,
  ExplanationFacts,
  ExplanationOf,
  HolderFact,
  ParkedFacts,
  SeenWorker,
  StepFact,
} from "./client/explain/explanation.ts";
export type { ForkOptions, ForkPlan, RerunOptions } from "./client/fork/fork-options.ts";
export type { HookView } from "./client/hook-view.ts";
export type { HookOptions, Hooks, MadeHook } from "./client/hooks.ts";
export type { ReplayChanges } from "./client/ingress-letters.ts";
export type { RunFilter } from "./client/list-runs.ts";
export { Millrace } from "./client/millrace.ts";
export type { AnyIterable, Outcomes } from "./client/outcomes.ts";
export { QueueHandle, type QueueOptions, type QueueState } from "./client/queue-handle.ts";
export type { QueueView } from "./client/queue-views.ts";
export type { ResultsOptions, RunResult } from "./client/results.ts";
export type { ResumableStatus, ResumeFilter } from "./client/resume-where.ts";
export type { CommandDetails } from "./client/run-commands.ts";
export type {
  AttemptDetails,
  ChildDetails,
  DetailsOptions,
  RunDetails,
  StepDetails,
  TimerDetails,
  WaitDetails,
} from "./client/run-details.ts";
export {
  type EventsOptions,
  type RecordedEvent,
  type ResultOptions,
  RunHandle,
} from "./client/run-handle.ts";
export type { ErrorSummary, RunSummary } from "./client/run-summary.ts";
export type { TimelineEntry } from "./client/run-timeline.ts";
export type { RunTree, TreeOptions } from "./client/run-tree.ts";
export type { RunView } from "./client/run-view.ts";
export type {
  AskingOptions,
  BulkCount,
  CancelWhereOptions,
  CountOptions,
  ListOptions,
  RunCount,
  RunList,
  RunStats,
  RunSummaryPage,
  Runs,
} from "./client/runs.ts";
export { ScheduleNotFoundError } from "./client/schedule-errors.ts";
export type {
  BackfilledRun,
  BackfillOptions,
  ScheduleJson,
  Schedules,
  ScheduleView,
} from "./client/schedules.ts";
export type { SubmitItem, SubmitManyOptions, SubmitOutcome } from "./client/submit-many.ts";
export type { StoredEvent, TailOptions } from "./client/tail-events.ts";
export type {
  PastOptions,
  TestedEvent,
  TestedFiring,
  TriggerTest,
  TriggerTestOptions,
} from "./client/test-trigger.ts";
export type { Triggers, TriggerView } from "./client/triggers.ts";
export type { Verdict, VerifyAllOptions, VerifyOptions } from "./client/verify.ts";
export type { WebhookDelivery } from "./client/webhook-delivery.ts";
export type { SecretView, WebhookView } from "./client/webhook-view.ts";
export type {
  DeliveriesOptions,
  MadeWebhook,
  SendOptions,
  WebhookOptions,
  WebhookReceipt,
  WebhookRun,
  Webhooks,
} from "./client/webhooks.ts";
export type { WorkerView } from "./client/workers.ts";
export { type ConnectOptions, connect } from "./connect.ts";
export type { AttributesFunction } from "./definition/attributes-from-input.ts";
export type { CacheOptions } from "./definition/cache.ts";
export type { ChildOptions, ChildRun, ReceiveOptions } from "./definition/child-run.ts";
export type { ConcurrencyOptions } from "./definition/concurrency.ts";
export type { CrashOptions } from "./definition/crash-budget.ts";
export type { AnyDefinition, Definition } from "./definition/definition.ts";
export { type FlowOptions, flow } from "./definition/flow.ts";
export type {
  EmitOptions,
  Flow,
  FlowContext,
  FlowFunction,
  NoAttributes,
  SagaContext,
  StepOptions,
  StepOverrides,
} from "./definition/flow-context.ts";
export type { NameFunction } from "./definition/name-from-input.ts";
export { parseScheduleSpec } from "./definition/parse-schedule-spec.ts";
export {
  type CatchUpOptions,
  type Schedule,
  type ScheduleOptions,
  type ScheduleRules,
  type ScheduleTimes,
  schedule,
} from "./definition/schedule.ts";
export type { Served } from "./definition/served.ts";
export { type Signal, type SignalOptions, signal } from "./definition/signal.ts";
export type { SubmitOptions } from "./definition/submit-options.ts";
export {
  type CompensateFunction,
  type StepInfo,
  type Task,
  type TaskFunction,
  type TaskOptions,
  task,
} from "./definition/task.ts";
export {
  type EventName,
  type Named,
  type SecondEvent,
  type Trigger,
  type TriggerDo,
  type TriggerJson,
  type TriggerOn,
  type TriggerOnDetails,
  type TriggerOptions,
  type TriggerShapeOptions,
  type TriggerWhen,
  trigger,
} from "./definition/trigger.ts";
export { triggerSpecOf } from "./definition/trigger-spec-of.ts";
export type { Progress } from "./engine/annotations.ts";
export {
  ArchiveFileError,
  RunArchivedError,
  RunNotArchivedError,
  RunNotRestorableError,
} from "./engine/archive-errors.ts";
export type { ArchivePolicy } from "./engine/archive-policy.ts";
export { AttributeInvalidError } from "./engine/attribute-invalid-error.ts";
export type {
  AttributeOf,
  Attributes,
  AttributesOf,
  AttributeType,
  AttributeTypes,
  AttributeValue,
} from "./engine/attributes.ts";
export type { BulkAction, BulkError, BulkJob } from "./engine/bulk-job.ts";
export {
  BundleTooLargeError,
  BundleUnreadableError,
  RedactionError,
  RunImportedError,
  RunNotImportableError,
} from "./engine/bundle-errors.ts";
export type { CloudEvent, RunEventData } from "./engine/cloud-event.ts";
export type { Duration } from "./engine/duration.ts";
export type { EventAddress, EventPlace } from "./engine/event-address.ts";
export { EventNotFoundError } from "./engine/event-not-found-error.ts";
export type { EventSettings } from "./engine/event-settings.ts";
export { ExpressionError, type ExpressionProblem } from "./engine/expression-error.ts";
export {
  CacheKeyError,
  CancelledError,
  CompensationFailedError,
  ConcurrencyKeyError,
  ContextClosedError,
  DepthLimitError,
  FatalError,
  InputInvalidError,
  NotSerializableError,
  PayloadTooLargeError,
  RetryAfter,
  StepTimeoutError,
} from "./engine/flow-errors.ts";
export { FlowNotDeterministicError } from "./engine/flow-not-deterministic-error.ts";
export { RunNotForkableError } from "./engine/fork-errors.ts";
export { formatRunQuery } from "./engine/format-run-query.ts";
export type { HookKind } from "./engine/hook-spec.ts";
export { MillraceError } from "./engine/millrace-error.ts";
export { NameFunctionError } from "./engine/name-function-error.ts";
export { OutputInvalidError } from "./engine/output-invalid-error.ts";
export { parseRunQuery } from "./engine/parse-run-query.ts";
export type { BlobRef, Payload } from "./engine/payload.ts";
export {
  BlobDamagedError,
  BlobMissingError,
  BlobStoreError,
  CodecError,
  PayloadUnreadableError,
} from "./engine/payload-errors.ts";
export { QueryError, type QueryProblem } from "./engine/query-error.ts";
export {
  NoAnswerError,
  QuestionRefusedError,
} from "./engine/question-errors.ts";
export type { ResolvedAction } from "./engine/resolved-action.ts";
export type { RetryOptions } from "./engine/retry.ts";
export {
  ResultTimeoutError,
  RunCancelledError,
  RunClosedError,
  RunCrashedError,
  RunExistsError,
  RunFailedError,
  RunNotEndedError,
  RunNotFoundError,
  RunNotResumableError,
} from "./engine/run-errors.ts";
export type { RunEvent } from "./engine/run-event.ts";
export type { RunId } from "./engine/run-id.ts";
export type { AttributeCondition, RunOrder, RunQuery, TimeWindow } from "./engine/run-query.ts";
export type { RunStatus } from "./engine/run-status.ts";
export type { CatchUp, Overlap, ScheduleSpec, ScheduleTiming } from "./engine/schedule-spec.ts";
export { TriggerInvalidError, TriggerNotFoundError } from "./engine/trigger-errors.ts";
export type {
  TriggerAction,
  TriggerCondition,
  TriggerLimits,
  TriggerShape,
  TriggerSource,
  TriggerSpec,
} from "./engine/trigger-spec.ts";
export {
  BrokerError,
  ConnectionClosedError,
  InvalidDurationError,
  InvalidNameError,
  InvalidOptionError,
  NamespaceChangedError,
  SettingsMismatchError,
} from "./engine/usage-errors.ts";
export type { CutText, WebhookAttempt, WebhookOutcome } from "./engine/webhook-attempt.ts";
export { HookNotFoundError, WebhookNotFoundError } from "./engine/webhook-errors.ts";
export type { WebhookInput } from "./engine/webhook-spec.ts";
export type { WorkerPresence, WorkerStatus } from "./engine/worker-presence.ts";
export type { Flaw, FlawKind } from "./history/flaw.ts";
export { type AesGcmOptions, aesGcmCodec } from "./payloads/aes-gcm-codec.ts";
export type { Codec } from "./payloads/codec.ts";
export type { PayloadOptions } from "./payloads/payloads.ts";
export type { BlobStore, NewBlob } from "./ports/blob-store.ts";
export type { EventRetention } from "./ports/message-bus.ts";
export { type ServeOptions, serve } from "./serve.ts";
export type { GuardMode } from "./worker/determinism-guard.ts";
export { LeaseLostError } from "./worker/lease-lost-error.ts";
export type { ServingWorker } from "./worker/serve.ts";
