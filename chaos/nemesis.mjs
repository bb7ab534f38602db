// @ts-check
import { setTimeout as delay } from "node:timers/promises";

/** How many faults may be struck at the same time. */
const AT_ONCE = 3;

/**
 * Strikes faults at times that come from chance, and heals them; at the end all of them.
 */
export class Nemesis {
  #field;
  #faults;
  #random;
  #ledger;
  #abort = new AbortController();
  /** @type {Map<number, () => Promise<void>>} */ #struck = new Map();
  /** @type {Set<Promise<void>>} */ #healing = new Set();
  #strikes = 0;
  /** @type {Promise<void>} */ #raging = Promise.resolve();

  /**
   * @param {import("./field.mjs").Field} field
   * @param {readonly import("./field.mjs").Fault[]} faults that can be done here
   * @param {{ readonly random: import("./random.mjs").Random, readonly ledger: import("./ledger/ledger-client.mjs").LedgerClient }} means
   */
  constructor(field, faults, { random, ledger }) {
    this.#field = field;
    this.#faults = faults;
    this.#random = random;
    this.#ledger = ledger;
  }

  /** Begins to strike. @param {number} paceMs the mean time between two faults */
  rage(paceMs) {
    this.#raging = this.#rage(paceMs);
  }

  /** Strikes no more, and heals everything. */
  async stop() {
    this.#abort.abort();
    await this.#raging;
    await Promise.all(this.#healing);
    for (const heal of this.#struck.values()) await heal();
  }

  /** @param {number} paceMs */
  async #rage(paceMs) {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const pauseMs = this.#random.between(0.2, 1.8) * paceMs;
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted && this.#struck.size < AT_ONCE) await this.#strikeOnce();
    }
  }

  async #strikeOnce() {
    const fault = this.#random.weighted(this.#faults);
    const strike = ++this.#strikes;
    const chance = this.#random.fork(fault.name);
    let struck;
    try {
      struck = await fault.strike(this.#field, chance);
    } catch (error) {
      this.#field.log(`${fault.name} could not be done: ${String(error)}`);
      return;
    }
    if (struck === undefined) return;
    const { what, target, until, clockShiftMs, heal } = struck;
    await this.#ledger.note({
      kind: "struck",
      strike,
      fault: fault.name,
      what,
      ...(target === undefined ? {} : { target }),
      ...(clockShiftMs === undefined ? {} : { clockShiftMs }),
    });
    this.#field.log(what);
    const healOnce = async () => {
      if (!this.#struck.delete(strike)) return;
      await heal();
      await this.#ledger.note({ kind: "healed", strike, fault: fault.name });
    };
    this.#struck.set(strike, healOnce);
    const healing = this.#healAt(until ?? 0, healOnce).finally(() => this.#healing.delete(healing));
    this.#healing.add(healing);
  }

  /** @param {number} time @param {() => Promise<void>} heal */
  async #healAt(time, heal) {
    const { signal } = this.#abort;
    const waitMs = Math.max(0, time - Date.now());
    await delay(waitMs, undefined, { signal }).catch(() => undefined);
    try {
      await heal();
    } catch (error) {
      this.#field.log(`could not be healed: ${String(error)}`);
    }
  }
}
