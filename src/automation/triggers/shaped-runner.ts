import { ControlLease } from "../../client/control-lease.ts";
import { Rounds } from "../../client/rounds.ts";
import type { TriggerPlace } from "../../wire/trigger-place-codec.ts";
import type { ActiveTrigger, TriggerRunner } from "./active-trigger.ts";
import { ShapedHold, type ShapedHost } from "./shaped-hold.ts";

/** Acts on a trigger whose shape remembers events, as long as this worker holds its lease: one of all workers does at a time. */
export class ShapedRunner implements TriggerRunner {
  readonly #open: () => ShapedHold;
  readonly #lease: ControlLease;
  readonly #rounds: Rounds;
  #hold: ShapedHold | undefined;

  constructor(
    host: ShapedHost & { readonly worker: string },
    trigger: ActiveTrigger,
    place: TriggerPlace,
  ) {
    const { millrace, clock, worker } = host;
    this.#open = () => new ShapedHold(host, trigger, place);
    this.#lease = new ControlLease({
      control: millrace.broker.control,
      clock,
      what: `trigger-${trigger.name}`,
      holder: worker,
      ttlMs: LEASE_MS,
    });
    const what = `trigger ${trigger.name}`;
    this.#rounds = new Rounds(host, what, ROUND_MS, () => this.#round());
  }

  async stop(): Promise<void> {
    await this.#rounds.stop();
    await this.#letGo();
    await this.#lease.release().catch(() => undefined); // Then it runs out.
  }

  async #round(): Promise<void> {
    const isHeld = await this.#lease.hold();
    if (!isHeld) return this.#letGo();
    if (this.#hold !== undefined) return this.#hold.flush();
    const hold = this.#open();
    this.#hold = hold;
    await hold.start().catch(async (error: unknown) => {
      await this.#letGo();
      throw error;
    });
  }

  async #letGo(): Promise<void> {
    const hold = this.#hold;
    this.#hold = undefined;
    await hold?.stop();
  }
}

const LEASE_MS = 5_000;
/** Well within a third of the lease: that is when it is renewed. */
const ROUND_MS = 1_000;
