import { createHash } from "node:crypto";
import type { AnyDefinition } from "../definition/definition.ts";
import { validate } from "../definition/standard-schema.ts";
import { ConcurrencyKeyError, InputInvalidError } from "../engine/flow-errors.ts";
import type { Payload, PlainPayload } from "../engine/payload.ts";
import { BlobStoreError } from "../engine/payload-errors.ts";
import type { Payloads } from "../payloads/payloads.ts";
import { keySlotsKey } from "../wire/slot-table-codec.ts";
import { decodeValue } from "../wire/value-codec.ts";
import { SlotSet, type SlotSetParts } from "./slot-set.ts";

/** The slots of keys that this worker has runs of: of a set, one view for all of them. */
export class KeySlots {
  readonly #parts: KeySlotsParts;
  readonly #used = new Map<string, UsedSet>();

  constructor(parts: KeySlotsParts) {
    this.#parts = parts;
  }

  /** The slots of a key, until `done` is called as often. */
  use({ flow, key, limit }: LimitedKey): SlotSet {
    const name = keySlotsKey(flow, digest(key));
    const used = this.#used.get(name) ?? this.#make(name, key);
    this.#used.set(name, used);
    used.limit = limit;
    used.count++;
    return used.set;
  }

  done(set: SlotSet): void {
    const used = this.#used.get(set.key);
    if (used?.set !== set || --used.count > 0) return;
    // What was freed goes out first.
    void set.settled().then(() => {
      if (used.count > 0 || this.#used.get(set.key) !== used) return;
      this.#used.delete(set.key);
      set.stop();
    });
  }

  /** Resolves when all slots that were given back are free for others. */
  async settled(): Promise<void> {
    await Promise.all([...this.#used.values()].map(({ set }) => set.settled()));
  }

  #make(name: string, label: string): UsedSet {
    const used = { limit: 1, count: 0 };
    const limits = (): { limit: number; rate: undefined } => ({
      limit: used.limit,
      rate: undefined,
    });
    return Object.assign(used, { set: new SlotSet({ ...this.#parts, key: name, label, limits }) });
  }
}

/** A key of which only so many runs may be active. */
export interface LimitedKey {
  readonly flow: string;
  readonly key: string;
  readonly limit: number;
}

/**
 * The key of a run whose flow limits them, from its input. Nothing when the input cannot be read or does not fit the schema:
 * the run is parked or fails for that, and takes no slot.
 * @throws {@link ConcurrencyKeyError}, and {@link BlobStoreError} when the input is in a store that does not answer.
 */
export async function limitedKey(
  definition: AnyDefinition,
  runId: string,
  input: { readonly payload: Payload; readonly payloads: Payloads },
): Promise<LimitedKey | undefined> {
  const { concurrency, input: schema, kind, name } = definition;
  if (concurrency === undefined) return undefined;
  const plain = await readable(input);
  if (plain === undefined) return undefined;
  let key: unknown;
  try {
    const checked = await validate(`${kind} ${name}`, schema, decodeValue(plain));
    key = concurrency.key(checked as never);
  } catch (error) {
    if (error instanceof InputInvalidError) return undefined;
    throw new ConcurrencyKeyError(runId, { cause: error });
  }
  if (typeof key !== "string") throw new ConcurrencyKeyError(runId, { cause: key });
  return { flow: name, key, limit: concurrency.limit };
}

async function readable({
  payload,
  payloads,
}: {
  readonly payload: Payload;
  readonly payloads: Payloads;
}): Promise<PlainPayload | undefined> {
  try {
    return await payloads.open(payload);
  } catch (error) {
    if (error instanceof BlobStoreError) throw error;
    return undefined;
  }
}

type KeySlotsParts = Pick<SlotSetParts, "broker" | "clock" | "log" | "worker" | "onChange">;

interface UsedSet {
  readonly set: SlotSet;
  limit: number;
  count: number;
}

function digest(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 32);
}
