import type { Clock } from "../ports/clock.ts";
import type { ControlStore } from "../ports/control-store.ts";
import type { WriteOutcome } from "../ports/run-log.ts";
import { decodeRecord, encodeRecord } from "../wire/control-json.ts";

/**
 * A lease of one piece of work among replicas: the control record `lease.<what>`. It only saves work. Two may believe in it
 * at once, after a pause or with the broker away, so what is done under it must be right when it is done twice.
 */
export class ControlLease {
  readonly #parts: LeaseParts;
  /** Of the record as it was last seen, and since when it has been that one, by this machine's clock. */
  #seen = { revision: 0, since: 0 };
  #heldUntil = 0;

  constructor(parts: LeaseParts) {
    this.#parts = parts;
  }

  /** False says that another replica may have it by now: begin nothing more. */
  get isHeld(): boolean {
    return this.#parts.clock.now() < this.#heldUntil;
  }

  /** Takes the lease if it is free, renews it if it is held here. Tells whether it is held. */
  async hold(): Promise<boolean> {
    const { clock, control, holder, ttlMs } = this.#parts;
    const now = clock.now();
    // Renewed when a third of it is gone: most calls ask the broker nothing.
    if (now < this.#heldUntil - (ttlMs * 2) / 3) return true;
    // Nobody else has written while it is still held: one call, and the look only if that is wrong.
    if (this.isHeld && (await this.#write(now)) !== "conflict") return this.isHeld;
    const found = await control.read(this.#key);
    if (found?.revision !== this.#seen.revision) {
      this.#seen = { revision: found?.revision ?? 0, since: now };
    }
    const isFree = found === undefined || ["", holder].includes(holderOf(found.data));
    if (!isFree && !this.#isForgotten(now)) {
      this.#heldUntil = 0;
      return false;
    }
    if ((await this.#write(now)) === "conflict") this.#heldUntil = 0;
    return this.isHeld;
  }

  /** Gives it back at once, where it would run out by itself. */
  async release(): Promise<void> {
    if (!this.isHeld) return;
    this.#heldUntil = 0;
    const { control } = this.#parts;
    await control.write(this.#key, encodeRecord({ holder: "" }), this.#seen.revision, {
      ttlMs: 1_000,
    });
  }

  async #write(now: number): Promise<WriteOutcome["status"]> {
    const { control, holder, ttlMs } = this.#parts;
    const record = encodeRecord({ holder });
    const outcome = await control.write(this.#key, record, this.#seen.revision, { ttlMs });
    if (outcome.status === "written") {
      this.#seen = { revision: outcome.sequence, since: now };
      // From before the write: the broker counts from later.
      this.#heldUntil = now + ttlMs;
    }
    return outcome.status;
  }

  /** The broker removes a lease that ran out. One that stands on all the same is nobody's: no clocks are compared. */
  #isForgotten(now: number): boolean {
    return now - this.#seen.since > 2 * this.#parts.ttlMs;
  }

  get #key(): string {
    return `lease.${this.#parts.what}`;
  }
}

export interface LeaseParts {
  readonly control: ControlStore;
  readonly clock: Clock;
  /** A token: letters, digits, `-` and `_`. */
  readonly what: string;
  /** The replica, as no other one is called. */
  readonly holder: string;
  /** At least 1,000 ms. */
  readonly ttlMs: number;
}

/** A lease that was given back, or that nobody can read, is nobody's. */
function holderOf(bytes: Uint8Array): string {
  const decoded = decodeRecord(bytes, ({ holder }) =>
    typeof holder === "string" ? { holder } : "it has no holder",
  );
  return decoded.kind === "ok" ? decoded.value.holder : "";
}
