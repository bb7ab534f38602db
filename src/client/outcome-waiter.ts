import { type Frame, isActive, isClosed } from "../engine/frame.ts";
import { ResultTimeoutError, RunNotFoundError } from "../engine/run-errors.ts";
import type { RunRef } from "../engine/run-id.ts";
import { outcomeOf, type RunOutcome } from "../engine/run-outcome.ts";
import { runStatus } from "../engine/run-status.ts";
import { ConnectionClosedError } from "../engine/usage-errors.ts";
import { askAfterHolder } from "../history/ask-after-holder.ts";
import { readSubmission } from "../history/read-submission.ts";
import { readHead } from "../history/run-head.ts";
import type { ClientHost } from "./client-host.ts";
import { LOOK_AGAIN_MS } from "./lookout.ts";
import { onAbort } from "./on-abort.ts";
import type { OutcomeHint } from "./outcome-hint.ts";
import { RunFollower } from "./run-follower.ts";

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
  const { broker, clock, lookout } = host;
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
    const follow = (): void => {
      if (settled) return;
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
      if (status !== "pending") return;
      lookout
        .once(() => readSubmission(broker.log, run))
        .then(
          (submission) => {
            if (submission !== undefined) return;
            reject(new RunNotFoundError(run.id, host.broker.log.namespace));
          },
          // The broker is away: that says nothing about the run.
          () => onEnd(clock.after(LOOK_AGAIN_MS, checkExists)),
        );
    };
    if (signal !== undefined) {
      onEnd(onAbort(signal, () => reject(signal.reason as Error)));
    }
    if (timeoutMs !== undefined) {
      const late = (): void => reject(new ResultTimeoutError(run.id, timeoutMs, status));
      onEnd(clock.after(timeoutMs, late));
    }
    if (hint === undefined) {
      // Of a run that has ended this is all; if the broker is away, whoever follows waits for it.
      const first = lookout.once(() => readHead(broker.log, run));
      first.then(({ frame }) => {
        if (frame !== undefined) see(frame);
        if (frame === undefined || !isClosed(frame.status)) follow();
      }, follow);
      return;
    }
    // The closing worker will tell. If that is lost, the stream tells: after a reconnect, or within 10 s; and before a
    // time-out, which says in what state the run is. No subscription is needed for that, however many runs are waited for.
    const watch = lookout.watch(async (isDue) => {
      const { frame } = await readHead(broker.log, run);
      if (frame === undefined) return;
      see(frame);
      if (isDue && isActive(frame.status)) await askAfterHolder(host, run);
    });
    onEnd(() => watch.stop());
    onEnd(hint.listen((frame) => (frame === undefined ? void watch.now() : see(frame))));
    onEnd(broker.hints.onReconnect(() => void watch.now()));
    if (timeoutMs !== undefined && timeoutMs < 2 * LOOK_AGAIN_MS) {
      onEnd(clock.after(timeoutMs / 2, () => void watch.now()));
    }
    const closed = (): void => reject(new ConnectionClosedError(`waiting for ${run.id}`));
    onEnd(onAbort(broker.closed, closed));
  });
  return waiting.finally(() => {
    settled = true;
    for (const stop of stops) stop();
  });
}
