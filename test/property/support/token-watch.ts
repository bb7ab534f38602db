import { isActive } from "../../../src/engine/frame.ts";
import type { Stored } from "../../../src/ports/run-log.ts";
import type { MemoryBroker } from "../../../src/testing/memory-broker.ts";
import { decodeFrame } from "../../../src/wire/frame-codec.ts";
import { decodeInput } from "../../../src/wire/input-codec.ts";

/** I4: a run whose head is active has its token, or a wake in its place, among what is unacked. */
export class TokenWatch {
  readonly #broker: MemoryBroker;
  /** The token of each run that is said to be held. */
  readonly #tokens = new Map<string, number>();
  #seen = 0;

  constructor(broker: MemoryBroker) {
    this.#broker = broker;
  }

  /** A run that has lost its token, if there is one. */
  tokenlessRun(): string | undefined {
    const messages = this.#broker.messages();
    for (const { subject, data } of messages.slice(this.#seen)) {
      const [, , , kind, ...run] = subject.split(".");
      if (kind !== "h") continue;
      const frame = decodeFrame(data);
      if (frame.kind === "ok" && isActive(frame.value.status)) {
        this.#tokens.set(run.join("."), frame.value.token);
      } else this.#tokens.delete(run.join("."));
    }
    this.#seen = messages.length;
    if (this.#tokens.size === 0) return undefined;
    const unacked = this.#broker.unacked();
    for (const [run, token] of this.#tokens) {
      if (!unacked.some((message) => standsFor(message, token))) return `${run} lost ${token}`;
    }
    return undefined;
  }
}

function standsFor(message: Stored, token: number): boolean {
  if (message.sequence === token) return true;
  if (message.subject.split(".")[3] !== "in") return false;
  const input = decodeInput(message.data);
  if (input.kind !== "ok" || input.value.body.type !== "Wake") return false;
  return input.value.body.replaces.includes(token);
}
