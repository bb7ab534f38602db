import type { Frame } from "../engine/frame.ts";
import { ResultTimeoutError, RunNotFoundError } from "../engine/run-errors.ts";
import type { RunRef } from "../engine/run-id.ts";
import { outcomeOf, type RunOutcome } from "../engine/run-outcome.ts";
import { readSubmission } from "../history/read-submission.ts";
import { type ClientHost, LOOK_AGAIN_MS } from "./client-host.ts";
import type { OutcomeHint } from "./outcome-hint.ts";
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
  let settled = false;
  const stops: (() => void)[] = [];
  const onEnd = (stop: () => void): void => {
    if (settled) stop();
    else stops.push(stop);
  };
  const waiting = new Promise<RunOutcome>((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const see = (frame: Frame): void => {
      status = runStatus(frame.status);
      const outcome = outcomeOf(frame.events);
      if (outcome !== undefined) resolve(outcome);
    };
    let following = false;
    const follow = (): void => {
      if (following) return; // A follower finds out by itself what a reconnect lost.
      following = true;
      const follower = new RunFollower(
        host,
        run,
        { from: 0, depth: "last-frame" },
        { onFrames: (frames) => frames.forEach(see), onError: reject },
      );
      onEnd(() => follower.stop());
      follower.start().then(checkExists, reject);
    };
    const checkExists = (): void => {
      if (status !== "pending" || hint !== undefined) return;
      readSubmission(host.broker.log, run).then(
        (submission) => {
          if (submission !== undefined) return;
          reject(new RunNotFoundError(run.id, host.broker.log.namespace));
        },
        // The broker is away: that says nothing about the run.
        () => onEnd(host.clock.after(LOOK_AGAIN_MS, checkExists)),
      );
    };
    if (signal !== undefined) {
      const onAbort = (): void => reject(signal.reason as Error);
      signal.addEventListener("abort", onAbort);
      onEnd(() => signal.removeEventListener("abort", onAbort));
    }
    if (timeoutMs !== undefined) {
      const late = (): void => reject(new ResultTimeoutError(run.id, timeoutMs, status));
      onEnd(host.clock.after(timeoutMs, late));
    }
    if (hint === undefined) return follow();
    // The closing worker will tell. If that is lost, the stream tells: after a reconnect, or after 10 s; and before a
    // time-out, which says in what state the run is.
    const lookAfterMs = Math.min(LOOK_AGAIN_MS, (timeoutMs ?? Number.POSITIVE_INFINITY) / 2);
    const { broker, clock } = host;
    onEnd(hint.listen((frame) => (frame === undefined ? follow() : see(frame))));
    onEnd(broker.hints.onReconnect(follow));
    onEnd(clock.after(lookAfterMs, follow));
    if (broker.closed.aborted) return follow();
    broker.closed.addEventListener("abort", follow);
    onEnd(() => broker.closed.removeEventListener("abort", follow));
  });
  return waiting.finally(() => {
    settled = true;
    for (const stop of stops) stop();
  });
}
