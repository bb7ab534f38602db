import { BrokerError } from "../engine/usage-errors.ts";
import { type ControlRecord, type ControlStore, WATCH_AGAIN_MS } from "../ports/control-store.ts";
import type { WriteOutcome } from "../ports/run-log.ts";
import type { MemoryFaults, MemoryWrite } from "./memory-faults.ts";
import type { MemoryLink } from "./memory-link.ts";
import type { MemoryProcess } from "./memory-process.ts";
import type { MemoryStore } from "./memory-store.ts";

/** The control records as one connection sees them. */
export class MemoryControlStore implements ControlStore {
  readonly #broker: MemoryStore;
  readonly #process: MemoryProcess;
  readonly #link: MemoryLink;
  readonly #lookAgain = new Set<() => void>();

  constructor(broker: MemoryStore, process: MemoryProcess, link: MemoryLink) {
    this.#broker = broker;
    this.#process = process;
    this.#link = link;
  }

  read(key: string): Promise<ControlRecord | undefined> {
    return this.#ask(() => this.#broker.control.read(key));
  }

  list(prefix: string): Promise<readonly ControlRecord[]> {
    return this.#ask(() => this.#broker.control.list(prefix));
  }

  write(
    key: string,
    data: Uint8Array,
    expected: number,
    options: { readonly ttlMs?: number } = {},
  ): Promise<WriteOutcome> {
    const write = { process: this.#process, kind: "control", runId: undefined, data } as const;
    const store = (): number | undefined => {
      const { control, faults } = this.#broker;
      const tells = (): boolean => faults.losesHint?.() !== true;
      return control.store(key, data, expected, options.ttlMs, tells);
    };
    return this.#link.ask<WriteOutcome>(
      () => this.#arrive(write, store),
      (cause) => ({ status: "unknown", cause }),
    );
  }

  async watch(
    key: string,
    onRecord: (record: ControlRecord | undefined) => void,
  ): Promise<() => void> {
    let watching = true;
    let last = -1;
    const tell = (record: ControlRecord | undefined): void => {
      if (!watching || (record !== undefined && record.revision <= last)) return;
      last = record?.revision ?? Math.max(last, 0);
      onRecord(record);
    };
    const { control } = this.#broker;
    const look = async (): Promise<void> => tell(await this.read(key));
    const lookAgain = (): void => void look().catch(() => undefined);
    let cancelNext: (() => void) | undefined;
    const lookLater = (): void => {
      cancelNext = this.#link.clock.after(
        WATCH_AGAIN_MS,
        () => {
          lookAgain();
          lookLater();
        },
        "upkeep",
      );
    };
    const stop = await this.#ask(() =>
      control.watch(key, (record) => this.#link.receive(() => tell(record))),
    );
    await look();
    lookLater();
    this.#lookAgain.add(lookAgain);
    return () => {
      watching = false;
      cancelNext?.();
      this.#lookAgain.delete(lookAgain);
      this.#link.send(stop);
    };
  }

  /** The connection was lost and is there again. */
  reconnected(): void {
    for (const lookAgain of this.#lookAgain) lookAgain();
  }

  #ask<T>(atBroker: () => T): Promise<T> {
    return this.#link.ask(atBroker, (cause) => {
      throw new BrokerError("The broker did not answer a read.", { cause });
    });
  }

  #arrive(write: MemoryWrite, store: () => number | undefined): WriteOutcome | "unanswered" {
    const { clock } = this.#broker;
    const faults: MemoryFaults = this.#broker.faults;
    const fate = faults.beforeWrite?.(write) ?? "stored";
    if (this.#link.state === "crashed") return "unanswered";
    if (fate === "not stored") return { status: "unknown", cause: new Error("Lost on its way") };
    if (typeof fate === "object") {
      clock.after(fate.lateMs, () => void store());
      return { status: "unknown", cause: new Error("Delayed on its way") };
    }
    const sequence = store();
    if (sequence === undefined) return { status: "conflict" };
    faults.afterWrite?.({ ...write, sequence });
    if (fate === "ack lost") return { status: "unknown", cause: new Error("Its ack was lost") };
    return { status: "written", sequence };
  }
}
