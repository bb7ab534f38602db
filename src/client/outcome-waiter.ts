import type { Frame } from "../engine/frame.ts";
import { ResultTimeoutError, RunNotFoundError } from "../engine/run-errors.ts";
import type { RunRef } from "../engine/run-id.ts";
import { outcomeOf, type RunOutcome } from "../engine/run-state.ts";
import { type ClientHost, LOOK_AGAIN_MS } from "./client-host.ts";
import type { OutcomeHint } from "./outcome-hint.ts";
import { readSubmission } from "./read-submission.ts";
import { RunFollower } from "./run-follower.ts";
import { runStatus } from "./run-status.ts";

/** How long to wait for a run's end. */
export interface WaitOptions {
  /** In milliseconds; without it, for ever. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * How a run ended, as soon as it has.
 * @throws {@link ResultTimeoutError}, {@link RunNotFoundError}, {@link ConnectionClosedError}, or the signal's reason.
 */
export function waitForOutcome(
  host: ClientHost,
  run: RunRef,
  hint: OutcomeHint | undefined,
  options: WaitOptions,
): Promise<RunOutcome> {
  const { timeoutMs, signal } = options;
  let status = "pending";
  const stops: (() => void)[] = [];
  const waiting = new Promise<RunOutcome>((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const see = (frame: Frame): void => {
      status = runStatus(frame.status);
      const outcome = outcomeOf(frame.events);
      if (outcome !== undefined) resolve(outcome);
    };
    const follow = (): void => {
      const follower = new RunFollower(
        host,
        run,
        { from: 0, depth: "last-frame" },
        { onFrames: (frames) => frames.forEach(see), onError: reject },
      );
      stops.push(() => follower.stop());
      follower.start().then(checkExists, reject);
    };
    const checkExists = (): void => {
      if (status !== "pending" || hint !== undefined) return;
      readSubmission(host, run).then(
        (submission) => {
          if (submission !== undefined) return;
          reject(new RunNotFoundError(run.id, host.broker.log.namespace));
        },
        // The broker is away: that says nothing about the run.
        () => stops.push(host.clock.after(LOOK_AGAIN_MS, checkExists)),
      );
    };
    if (signal !== undefined) {
      const onAbort = (): void => reject(signal.reason as Error);
      signal.addEventListener("abort", onAbort);
      stops.push(() => signal.removeEventListener("abort", onAbort));
    }
    if (timeoutMs !== undefined) {
      const late = (): void => reject(new ResultTimeoutError(run.id, timeoutMs, status));
      stops.push(host.clock.after(timeoutMs, late));
    }
    if (hint === undefined) return follow();
    // The closing worker will tell. If that is lost, the stream tells: after a reconnect, or after 10 s.
    stops.push(hint.listen((frame) => (frame === undefined ? follow() : see(frame))));
    stops.push(host.broker.hints.onReconnect(follow), host.clock.after(LOOK_AGAIN_MS, follow));
    if (host.broker.closed.aborted) follow();
  });
  return waiting.finally(() => {
    for (const stop of stops) stop();
  });
}
