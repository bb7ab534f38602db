import type { Hints } from "../ports/broker.ts";
import type { MemoryLink } from "./memory-link.ts";
import type { MemoryStore } from "./memory-store.ts";

/** Hints as one connection sends and expects them. What is expected is bounded: the oldest is forgotten first. */
export class MemoryHints implements Hints {
  readonly #broker: MemoryStore;
  readonly #link: MemoryLink;
  readonly #expected = new Set<() => void>();
  readonly #reconnects = new Set<() => void>();

  constructor(broker: MemoryStore, link: MemoryLink) {
    this.#broker = broker;
    this.#link = link;
  }

  expect(onHint: (data: Uint8Array) => void): { readonly replyTo: string; forget(): void } {
    let waiting = true;
    const forget = (): void => {
      waiting = false;
      this.#broker.hints.delete(replyTo);
      this.#expected.delete(forget);
    };
    const replyTo = this.#broker.hintPlace((data) => {
      this.#link.receive(() => {
        if (!waiting) return;
        forget();
        onHint(data);
      });
    });
    this.#expected.add(forget);
    if (this.#expected.size > MAX_EXPECTED) {
      const [oldest] = this.#expected;
      oldest?.();
    }
    return { replyTo, forget };
  }

  send(replyTo: string, data: Uint8Array): void {
    const copy = data.slice();
    this.#link.send(() => {
      if (this.#broker.faults.losesHint?.() === true) return;
      this.#broker.hints.get(replyTo)?.(copy);
    });
  }

  onReconnect(call: () => void): () => void {
    this.#reconnects.add(call);
    return () => this.#reconnects.delete(call);
  }

  reconnected(): void {
    for (const call of this.#reconnects) call();
  }
}

const MAX_EXPECTED = 100_000;
