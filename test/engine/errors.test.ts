import { expect, test } from "vitest";
import { EventNotFoundError } from "../../src/engine/event-not-found-error.ts";
import {
  ContextClosedError,
  FatalError,
  InputInvalidError,
  NotSerializableError,
  PayloadTooLargeError,
  RetryAfter,
  StepTimeoutError,
} from "../../src/engine/flow-errors.ts";
import { RunNotForkableError } from "../../src/engine/fork-errors.ts";
import { MillraceError } from "../../src/engine/millrace-error.ts";
import {
  ResultTimeoutError,
  RunCancelledError,
  RunCrashedError,
  RunExistsError,
  RunFailedError,
  RunNotFoundError,
  RunNotResumableError,
} from "../../src/engine/run-errors.ts";
import {
  BrokerError,
  ConnectionClosedError,
  InvalidDurationError,
  InvalidNameError,
  InvalidOptionError,
  SettingsMismatchError,
} from "../../src/engine/usage-errors.ts";

const ID = "checkout:order-42";

/** Code, whether a retry is pointless, and what the message must name. */
const ERRORS: readonly (readonly [MillraceError, string, boolean, RegExp])[] = [
  [new FatalError("CARD_DECLINED", "No money"), "CARD_DECLINED", true, /^No money$/],
  [new RetryAfter("5s"), "RETRY_AFTER", false, /5s/],
  [new StepTimeoutError("charge#1", 500), "STEP_TIMEOUT", false, /charge#1.*500 ms.*timeout/],
  [new InputInvalidError("flow a", ["x: too long"]), "INPUT_INVALID", true, /flow a.*x: too long/],
  [
    new NotSerializableError("The output", "value.a", "a function"),
    "NOT_SERIALIZABLE",
    true,
    /output.*value\.a is a function.*plain data/,
  ],
  [new PayloadTooLargeError("The output", 9, 5), "PAYLOAD_TOO_LARGE", true, /9 bytes.*5 fit/],
  [new ContextClosedError(ID, "step a#1"), "CONTEXT_CLOSED", false, /a#1.*order-42.*Await/],
  [new RunFailedError(ID, new TypeError("no")), "RUN_FAILED", false, /order-42.*TypeError: no/],
  [new RunCrashedError(ID, 6), "RUN_CRASHED", false, /6 workers.*millrace resume checkout/],
  [new RunCancelledError(ID, "called"), "RUN_CANCELLED", false, /order-42.*: called/],
  [new RunCancelledError(ID, ""), "RUN_CANCELLED", false, /was cancelled\.$/],
  [new RunNotFoundError(ID, "shop"), "RUN_NOT_FOUND", false, /order-42.*namespace shop/],
  [new EventNotFoundError("#9", 4), "EVENT_NOT_FOUND", false, /#9.*4 events.*millrace events/],
  [new RunNotForkableError(ID, "no."), "RUN_NOT_FORKABLE", false, /order-42.*there: no/],
  [new RunExistsError(ID), "RUN_EXISTS", false, /order-42.*Attach/],
  [new ResultTimeoutError(ID, 10, "pending"), "RESULT_TIMEOUT", false, /10 ms.*pending.*attach/],
  [new RunNotResumableError(ID, "running"), "RUN_NOT_RESUMABLE", false, /order-42 is running/],
  [new InvalidNameError("A key", "a\nb", "no"), "INVALID_NAME", false, /A key "a\\nb"/],
  [new InvalidDurationError("10y"), "INVALID_DURATION", false, /"10y".*"10s"/],
  [new InvalidOptionError("tags", 3, "no"), "INVALID_OPTION", false, /tags cannot be 3: no/],
  [new ConnectionClosedError("a call"), "CONNECTION_CLOSED", false, /a call.*nothing.*is lost/],
  [new BrokerError("Not confirmed."), "BROKER_ERROR", false, /Not confirmed/],
  [
    new SettingsMismatchError("Queue a", ["lease 5 s, not 1 s"], "Drop it."),
    "SETTINGS_MISMATCH",
    false,
    /Queue a.*lease.*Nothing was changed.*Drop it/,
  ],
];

test.each(ERRORS.map(([error, ...rest]) => [error.name, error, ...rest] as const))(
  "%s carries its code and says what to do",
  (name, error, code, fatal, message) => {
    expect(error).toBeInstanceOf(MillraceError);
    expect(error).toBeInstanceOf(Error);
    expect(name).toBe(error.constructor.name);
    expect(error.code).toBe(code);
    expect(error.fatal).toBe(fatal);
    expect(error.message).toMatch(message);
  },
);

test("each error class has a code that no other has", () => {
  const codes = new Map(ERRORS.map(([error, code]) => [error.constructor, code]));
  expect(new Set(codes.values()).size).toBe(codes.size);
});

test("a failed run's error has what the run threw as its cause", () => {
  const cause = new RangeError("boom");
  expect(new RunFailedError(ID, cause)).toMatchObject({ cause, runId: ID });
});

test("a value that is refused is shown short and without its control characters", () => {
  const { message } = new InvalidNameError("A key", `${"x".repeat(10_000)}\r\n`, "no");
  expect(message.length).toBeLessThan(200);
  expect(message).toContain("(10006 characters)");
  expect(message).not.toMatch(/[\r\n]/);
});

test("the data of a fatal error and the delay of a retry are there to read", () => {
  expect(new FatalError("NO", "no", { card: 1 })).toMatchObject({ details: { card: 1 } });
  expect(new RetryAfter("2m")).toMatchObject({ delayMs: 120_000 });
  expect(() => new RetryAfter(-1)).toThrow(InvalidDurationError);
});
