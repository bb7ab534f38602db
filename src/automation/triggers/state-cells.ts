import { emptyState, type TriggerState } from "../../engine/trigger-shapes/trigger-state.ts";
import { BrokerError } from "../../engine/usage-errors.ts";
import type { ControlRecord, ControlStore } from "../../ports/control-store.ts";
import { decodeTriggerState, encodeTriggerState } from "../../wire/trigger-state-codec.ts";
import { keyToken } from "./firing-id.ts";

/**
 * The states of a trigger, one for each key, as the holder of the trigger has them: what is written goes by CAS, so of two that
 * take themselves for the holder one writes, and the other reads what that one wrote.
 */
export class StateCells {
  readonly #control: ControlStore;
  readonly #prefix: string;
  readonly #memoryMs: number;
  readonly #cells = new Map<string, Cell>();
  #most = MAX_IDLE;

  /** `prefix`: of the records' keys. `memoryMs`: how long a state matters that waits for nothing. */
  constructor(control: ControlStore, prefix: string, memoryMs: number) {
    this.#control = control;
    this.#prefix = prefix;
    this.#memoryMs = memoryMs;
  }

  /** Reads all records. @throws {@link BrokerError} */
  async load(): Promise<readonly Cell[]> {
    this.#cells.clear();
    for (const record of await this.#control.list(this.#prefix)) {
      const state = stateIn(record);
      if (state === undefined) continue;
      const token = record.key.slice(this.#prefix.length + 1);
      this.#cells.set(token, { token, state, revision: record.revision, isDirty: false });
    }
    return [...this.#cells.values()];
  }

  /** The state of a key; an empty one where nothing is known of it: the first write tells. */
  ofKey(key: string): Cell {
    const token = keyToken(key);
    const known = this.#cells.get(token);
    if (known !== undefined) return known;
    this.#dropIdle();
    const cell: Cell = { token, state: emptyState(key), revision: 0, isDirty: false };
    this.#cells.set(token, cell);
    return cell;
  }

  ofToken(token: string): Cell | undefined {
    return this.#cells.get(token);
  }

  /** Those that differ from their records: firings that were carried out, and are not cleared there. */
  dirty(): readonly Cell[] {
    return [...this.#cells.values()].filter(({ isDirty }) => isDirty);
  }

  /**
   * Writes a state. False when somebody else wrote meanwhile: the cell then holds what that one wrote.
   * @throws {@link BrokerError} when it is not known whether it is written; the cell is read again before it is used.
   */
  async write(cell: Cell, state: TriggerState): Promise<boolean> {
    const key = `${this.#prefix}.${cell.token}`;
    // What waits for nothing is forgotten by itself, when no repetition is to be expected any more.
    const options = isIdle(state) ? { ttlMs: this.#memoryMs + REPEATED_MS } : {};
    const outcome = await this.#control.write(
      key,
      encodeTriggerState(state),
      cell.revision,
      options,
    );
    if (outcome.status === "written") {
      Object.assign(cell, { state, revision: outcome.sequence, isDirty: false });
      this.#keep(cell);
      return true;
    }
    await this.refresh(cell);
    if (outcome.status === "conflict") return false;
    throw new BrokerError(`The state ${key} was not confirmed.`, { cause: outcome.cause });
  }

  /** Reads a cell's record. @throws {@link BrokerError} */
  async refresh(cell: Cell): Promise<void> {
    const record = await this.#control.read(`${this.#prefix}.${cell.token}`);
    const state = (record && stateIn(record)) ?? emptyState(cell.state.key);
    Object.assign(cell, { state, revision: record?.revision ?? 0, isDirty: false });
    this.#keep(cell);
  }

  /** One that was idle may have been dropped while it was in somebody's hands. */
  #keep(cell: Cell): void {
    this.#cells.set(cell.token, cell);
  }

  /** What waits for nothing can be read again when it is needed. */
  #dropIdle(): void {
    if (this.#cells.size < this.#most) return;
    for (const [token, { state, isDirty }] of this.#cells) {
      if (isIdle(state) && !isDirty) this.#cells.delete(token);
    }
    // Where most of them wait for something, they are not gone through again for each new one.
    this.#most = Math.max(MAX_IDLE, 2 * this.#cells.size);
  }
}

/** What the holder knows of one key. */
export interface Cell {
  readonly token: string;
  state: TriggerState;
  /** Of the record, 0 for none. */
  revision: number;
  /** The record does not say yet what the state says. */
  isDirty: boolean;
}

function isIdle({ shape, outbox }: TriggerState): boolean {
  return shape.kept.length === 0 && outbox.length === 0;
}

function stateIn({ data }: ControlRecord): TriggerState | undefined {
  const decoded = decodeTriggerState(data);
  return decoded.kind === "ok" ? decoded.value : undefined;
}

/** How long after the last event of a key its repetition is recognised, at least. */
const REPEATED_MS = 600_000;
const MAX_IDLE = 20_000;
