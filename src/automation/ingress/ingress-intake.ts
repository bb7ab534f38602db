/**
 * From a message of the ingress to what it asks for.
 *
 * - A message is acked only after what it asks for is durable, or its dead letter is: a crash between the two repeats it, and
 *   repeating it does nothing (docs/ingress.md).
 * - Whatever is wrong with a message ends as a dead letter. Whatever is wrong with anything else gives it back.
 * - Messages about one run are carried out in the order in which they came to this worker; others wait for none of them.
 */
import type { IngressLetters } from "../../client/ingress-letters.ts";
import type { AnyDefinition } from "../../definition/definition.ts";
import type { BusDelivery } from "../../ports/message-bus.ts";
import type { BusSubjects } from "../../wire/bus-subjects.ts";
import type { AutomationHost } from "../automation-host.ts";
import { carryOut, laneOf } from "./carry-out.ts";
import { decodeIngress } from "./decode-ingress.ts";
import type { OnDue } from "./due-message.ts";
import type { CancelRequest, SignalRequest, SubmitRequest } from "./ingress-request.ts";
import { Lanes } from "./lanes.ts";
import { setAside } from "./set-aside.ts";

export class IngressIntake {
  readonly #parts: IntakeParts;
  readonly #lanes = new Lanes(MAX_AT_ONCE);
  /** Not acked and not given back yet. */
  readonly #held = new Set<BusDelivery>();
  readonly #acks = new Set<Promise<void>>();
  #stopKeeping: () => void = () => undefined;
  #isStopping = false;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#keepOn();
  }

  /** Takes a message over. */
  take(definition: AnyDefinition, delivery: BusDelivery): void {
    if (this.#isStopping) return delivery.giveBack();
    const decoded = decodeIngress(this.#parts.subjects, delivery);
    if (decoded.kind === "foreign") {
      this.#held.add(delivery);
      this.#lanes.add(`message ${delivery.sequence}`, () =>
        this.#setAside(delivery, decoded.reason),
      );
      return;
    }
    const request = decoded.value;
    if (request.kind === "due") {
      const { flow, schedule } = request;
      this.#parts.onDue({ flow, schedule, delivery }).catch((error: unknown) => {
        this.#parts.host.log.warn({ err: error, schedule }, "A due schedule is tried again");
        delivery.giveBack(AGAIN_MS);
      });
      return;
    }
    this.#held.add(delivery);
    this.#lanes.add(laneOf(definition, request), () => this.#carry(definition, delivery, request));
  }

  /** Nothing more is begun. */
  stopping(): void {
    this.#isStopping = true;
  }

  /** Resolves when nothing is under way any more. */
  async stopped(): Promise<void> {
    await this.#lanes.idle();
    this.#stopKeeping();
    await Promise.all(this.#acks);
  }

  async #carry(
    definition: AnyDefinition,
    delivery: BusDelivery,
    request: SubmitRequest | SignalRequest | CancelRequest,
  ): Promise<void> {
    if (this.#isStopping) return this.#giveBack(delivery, 0);
    const carried = await carryOut(this.#parts.host.millrace.host, definition, request);
    switch (carried.status) {
      case "done":
        return this.#ack(delivery);
      case "refused":
        return this.#setAside(delivery, carried.reason);
      case "no run yet":
        if (this.#isPatient(delivery)) return this.#giveBack(delivery, NO_RUN_MS);
        return this.#setAside(delivery, carried.reason);
      case "threw":
        if (delivery.deliveries < MAX_THROWS) return this.#giveBack(delivery, AGAIN_MS);
        return this.#setAside(delivery, carried.reason);
      case "away":
        this.#tell(carried.error);
        return this.#giveBack(delivery, AGAIN_MS);
    }
  }

  async #setAside(delivery: BusDelivery, reason: string): Promise<void> {
    const { letters, subjects, host } = this.#parts;
    try {
      await setAside({ letters, subjects, log: host.log }, delivery, reason, () =>
        this.#ack(delivery),
      );
    } catch (error) {
      this.#tell(error);
      this.#giveBack(delivery, AGAIN_MS);
    }
  }

  #ack(delivery: BusDelivery): void {
    this.#held.delete(delivery);
    // An ack that is lost brings the message once more, and nothing is done twice.
    const acked = delivery.ack().catch(() => undefined);
    this.#acks.add(acked);
    void acked.then(() => this.#acks.delete(acked));
  }

  #giveBack(delivery: BusDelivery, afterMs: number): void {
    this.#held.delete(delivery);
    delivery.giveBack(afterMs);
  }

  /** By two measures: the broker's clock may be another one, and its count is a hint. */
  #isPatient({ storedAt, deliveries }: BusDelivery): boolean {
    const isYoung = this.#parts.host.clock.now() - storedAt < RUN_WAIT_MS;
    return (isYoung && deliveries < 4 * RUN_TRIES) || deliveries < RUN_TRIES;
  }

  /** While it takes longer than usual, nobody else shall be handed it. */
  #keepOn(): void {
    this.#stopKeeping = this.#parts.host.clock.after(
      KEEP_MS,
      () => {
        for (const delivery of this.#held) delivery.keep();
        this.#keepOn();
      },
      "upkeep",
    );
  }

  /** Once in a while: everything that comes meets the same trouble. */
  #tell(error: unknown): void {
    const { clock, log } = this.#parts.host;
    const now = clock.now();
    if (now - this.#toldAt < TELL_MS) return;
    this.#toldAt = now;
    log.warn({ err: error }, "Published messages wait: something that they need is away");
  }
}

export interface IntakeParts {
  readonly host: AutomationHost;
  readonly subjects: BusSubjects;
  readonly letters: IngressLetters;
  readonly onDue: OnDue;
}

/** Of all flows together. */
const MAX_AT_ONCE = 256;
/** Three times a lease. */
const KEEP_MS = 3_000;
const AGAIN_MS = 1_000;
/** How often, and at least how long, a run is waited for that may be about to be submitted. */
const NO_RUN_MS = 500;
const RUN_TRIES = 5;
const RUN_WAIT_MS = 10_000;
const MAX_THROWS = 5;
const TELL_MS = 60_000;
