import type { TriggerRecord, TriggerSpec } from "../engine/trigger-spec.ts";
import { decodeTrigger, encodeTrigger, triggerKey } from "../wire/trigger-codec.ts";
import { changeRecord, type RecordHost, type RecordKind } from "./change-record.ts";

export const TRIGGER_RECORD: RecordKind<TriggerRecord> = Object.freeze({
  encode: encodeTrigger,
  decode: decodeTrigger,
});

/**
 * Puts the triggers that stand in a worker's code, once, when it starts. Where workers of two versions run side by side, the one
 * that started last has its say, and says nothing again: they do not change a trigger back and forth. What was paused stays so,
 * and what the code no longer has stays until somebody removes it.
 * @throws {@link BrokerError}
 */
export async function declareTriggers(
  host: RecordHost,
  specs: readonly TriggerSpec[],
): Promise<readonly TriggerRecord[]> {
  const records: TriggerRecord[] = [];
  for (const spec of specs) records.push(await declareTrigger(host, spec, "code"));
  return records;
}

/**
 * Makes a trigger, or changes its spec: a new version then. The same spec again changes nothing but where it came from.
 * @throws {@link BrokerError}
 */
export async function declareTrigger(
  host: RecordHost,
  spec: TriggerSpec,
  from: TriggerRecord["from"],
): Promise<TriggerRecord> {
  const now = host.clock.now();
  const fresh = { spec, version: 1, from, createdAt: now, changedAt: now };
  const record = await changeRecord(host, TRIGGER_RECORD, triggerKey(spec.name), (before) => {
    if (before === undefined) return fresh;
    if (!isSame(before.spec, spec)) {
      return { ...before, spec, from, version: before.version + 1, changedAt: now };
    }
    return before.from === from ? before : { ...before, from };
  });
  return record ?? fresh;
}

/** A spec's members stand in one order, whoever wrote it: its parser puts them there. */
function isSame(one: TriggerSpec, other: TriggerSpec): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
