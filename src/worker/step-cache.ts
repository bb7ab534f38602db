/**
 * Outcomes that runs share. The cache is a help and never a need: whatever is wrong with it costs one execution of the
 * task, and what a run got of it is recorded in its own history, so that no replay looks here (I7).
 */
import { createHash } from "node:crypto";
import type { Logger } from "pino";
import type { CachePolicy } from "../definition/cache.ts";
import type { StepInfo } from "../definition/task.ts";
import { CacheKeyError } from "../engine/flow-errors.ts";
import type { Payloads } from "../payloads/payloads.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import type { ControlRecord } from "../ports/control-store.ts";
import {
  type CacheEntry,
  cacheKey,
  decodeCacheEntry,
  encodeCacheEntry,
} from "../wire/cache-codec.ts";
import { decodeValue, encodeValue } from "../wire/value-codec.ts";

export class StepCache {
  readonly #host: StepCacheHost;

  constructor(host: StepCacheHost) {
    this.#host = host;
  }

  /**
   * The shared outcome for this input, or what `compute` gives, which is shared from then on. Of those who ask at the same
   * time one computes and the others wait for it, once.
   * @throws {@link CacheKeyError}, and what `compute` throws.
   */
  async get(use: CacheUse, compute: () => unknown): Promise<unknown> {
    const name = cacheKey(use.task, digest(keyOf(use)));
    let hasWaited = false;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const found = await this.#find(name);
      if (found.kind === "found") return found.value;
      if (found.kind === "unknown" || (found.kind === "claimed" && hasWaited)) break;
      if (found.kind === "claimed") {
        await this.#whileRunning(name, found.by, use.info);
        hasWaited = true;
        continue;
      }
      const claim = await this.#claim(name, found.revision, use.info);
      if (claim === "unknown") break;
      if (claim !== "conflict") return this.#compute(name, use, compute, claim);
    }
    return this.#compute(name, use, compute, undefined);
  }

  async #compute(
    name: string,
    { policy, info, task }: CacheUse,
    compute: () => unknown,
    claim: Claim | undefined,
  ): Promise<unknown> {
    try {
      const value = await compute();
      await this.#share(name, await this.#sealed(value), policy.ttlMs, claim);
      return value;
    } catch (error) {
      claim?.end();
      if (claim !== undefined)
        await this.#write(name, claim, { status: "failed", by: claim.by }, FAILED_MS);
      throw error;
    } finally {
      info.log.debug({ task, claimed: claim !== undefined }, "Computed for the cache");
    }
  }

  async #share(
    name: string,
    entry: CacheEntry | undefined,
    ttlMs: number,
    claim: Claim | undefined,
  ): Promise<void> {
    claim?.end();
    if (entry !== undefined) return this.#write(name, claim, entry, ttlMs);
    if (claim !== undefined) {
      await this.#write(name, claim, { status: "failed", by: claim.by }, FAILED_MS);
    }
  }

  /** As an outcome is recorded: through the codec, and in a blob store if it is large. Nothing when it cannot be. */
  async #sealed(value: unknown): Promise<CacheEntry | undefined> {
    try {
      const what = "A cached outcome";
      const output = await this.#host.payloads.seal(encodeValue(value, what), what);
      return { status: "done", output };
    } catch (error) {
      // If the step cannot record it either, it says so.
      this.#host.log.debug({ err: error }, "An outcome is not cached");
      return undefined;
    }
  }

  async #find(name: string): Promise<Found> {
    try {
      return await this.#understand(name, await this.#host.broker.control.read(name));
    } catch (error) {
      this.#host.log.debug({ err: error, cache: name }, "The cache cannot be read");
      return { kind: "unknown" };
    }
  }

  async #understand(name: string, record: ControlRecord | undefined): Promise<Found> {
    if (record === undefined) return { kind: "free", revision: 0 };
    const { revision } = record;
    try {
      const decoded = decodeCacheEntry(record.data);
      if (decoded.kind === "foreign") throw new Error(decoded.reason);
      const entry = decoded.value;
      if (entry.status === "running") return { kind: "claimed", by: entry.by };
      if (entry.status === "done") {
        const plain = await this.#host.payloads.open(entry.output);
        return { kind: "found", value: decodeValue(plain) };
      }
    } catch (error) {
      this.#host.log.warn({ err: error, cache: name }, "A cached outcome cannot be understood");
    }
    return { kind: "free", revision };
  }

  /** Resolves when nobody computes it any more: it is done, has failed, or was not heard of for too long. */
  async #whileRunning(name: string, by: string, { signal }: StepInfo): Promise<void> {
    const { broker, clock } = this.#host;
    let stop: (() => void) | undefined;
    let cancelLapse: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const onAbort = (): void => reject(signal.reason as Error);
        signal.addEventListener("abort", onAbort, { once: true });
        if (signal.aborted) return onAbort();
        const hear = (record: ControlRecord | undefined): void => {
          const decoded = record === undefined ? undefined : decodeCacheEntry(record.data);
          const entry = decoded?.kind === "ok" ? decoded.value : undefined;
          if (entry?.status !== "running" || entry.by !== by) return resolve();
          cancelLapse?.();
          // By this worker's clock, from when it was heard of: the other's clock does not matter.
          cancelLapse = clock.after(CLAIM_MS, resolve);
        };
        broker.control.watch(name, hear).then(
          (stopWatching) => {
            stop = stopWatching;
            if (signal.aborted) stopWatching();
          },
          () => resolve(), // It is looked up once more.
        );
      });
    } finally {
      cancelLapse?.();
      stop?.();
    }
  }

  /** Tells others that this worker computes it, until `end`. */
  async #claim(
    name: string,
    expected: number,
    info: StepInfo,
  ): Promise<Claim | "conflict" | "unknown"> {
    const { broker, clock, worker } = this.#host;
    const by = `${worker} ${info.idempotencyKey}`;
    const running = encodeCacheEntry({ status: "running", by });
    const write = (revision: number) =>
      broker.control.write(name, running, revision, { ttlMs: 2 * CLAIM_MS });
    const first = await write(expected);
    if (first.status !== "written") return first.status;
    let cancelNext: (() => void) | undefined;
    const claim: Claim = {
      by,
      revision: first.sequence,
      end: () => {
        cancelNext?.();
        cancelNext = undefined;
      },
    };
    const renewLater = (): void => {
      cancelNext = clock.after(
        CLAIM_MS / 3,
        () => {
          write(claim.revision)
            .then((outcome) => {
              if (outcome.status !== "written") return;
              claim.revision = outcome.sequence;
              if (cancelNext !== undefined) renewLater();
            })
            .catch(() => undefined); // It lapses: another one computes it too.
        },
        "upkeep",
      );
    };
    renewLater();
    return claim;
  }

  /** Never throws: the value is there, whatever becomes of the record. */
  async #write(
    name: string,
    claim: Claim | undefined,
    entry: CacheEntry,
    ttlMs: number,
  ): Promise<void> {
    const { control } = this.#host.broker;
    const data = encodeCacheEntry(entry);
    try {
      let expected = claim?.revision ?? (await control.read(name))?.revision ?? 0;
      for (let tries = 0; tries < 3; tries++) {
        const { status } = await control.write(name, data, expected, { ttlMs });
        if (status === "written" || entry.status !== "done") return;
        expected = (await control.read(name))?.revision ?? 0;
      }
    } catch (error) {
      this.#host.log.debug({ err: error, cache: name }, "The cache cannot be written");
    }
  }
}

/** Of one step: which task, for which input, until when. */
export interface CacheUse {
  readonly task: string;
  readonly policy: CachePolicy;
  readonly input: unknown;
  readonly info: StepInfo;
}

export interface StepCacheHost {
  readonly worker: string;
  readonly broker: Broker;
  readonly payloads: Payloads;
  readonly clock: Clock;
  readonly log: Logger;
}

type Found =
  | { readonly kind: "found"; readonly value: unknown }
  | { readonly kind: "claimed"; readonly by: string }
  | { readonly kind: "free"; readonly revision: number }
  | { readonly kind: "unknown" };

interface Claim {
  readonly by: string;
  revision: number;
  end(): void;
}

/** Looks that find neither an outcome nor a way to wait for one. */
const MAX_TRIES = 5;
/** A claim that was not renewed for so long has lapsed. It is renewed three times as often. */
const CLAIM_MS = 9_000;
const FAILED_MS = 1_000;

function keyOf({ task, policy, input }: CacheUse): string {
  let key: unknown;
  try {
    key = policy.key(input as never);
  } catch (error) {
    throw new CacheKeyError(task, { cause: error });
  }
  if (typeof key !== "string") throw new CacheKeyError(task, { cause: key });
  return key;
}

function digest(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
