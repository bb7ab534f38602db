import type { Slots } from "./slots.ts";

/** One activation's slot: it has one while it executes, gives it back while it only waits, and asks for one again. */
export class SlotHold {
  readonly #slots: Slots;
  #state: "held" | "asked" | "none" = "held";

  /** The worker has taken the first one for it. */
  constructor(slots: Slots) {
    this.#slots = slots;
  }

  get held(): boolean {
    return this.#state === "held";
  }

  /** True while it waits for one. */
  get isAsked(): boolean {
    return this.#state === "asked";
  }

  /** Calls back once a slot is there. Asking twice is asking once. */
  ask(call: () => void): void {
    if (this.#state !== "none") return;
    this.#state = "asked";
    this.#slots.take("held", () => {
      this.#state = "held";
      call();
    });
  }

  give(): void {
    if (this.#state !== "held") return;
    this.#state = "none";
    this.#slots.give();
  }
}
