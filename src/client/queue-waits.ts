import type { RunRef } from "../engine/run-id.ts";
import { takeSlot } from "../engine/slot-table.ts";
import { queueSettingsKey } from "../wire/queue-settings-codec.ts";
import { slotRefusalText } from "../wire/slot-refusal-text.ts";
import { queueSlotsKey } from "../wire/slot-table-codec.ts";
import { decodeWait, waitKey } from "../wire/wait-codec.ts";
import type { ClientHost } from "./client-host.ts";
import { settingsOf, tableOf } from "./queue-handle.ts";

/** What keeps a run from being taken up, as far as its queue and its workers say. */
export async function waitsInQueue(
  host: ClientHost,
  run: RunRef,
  queue: string,
): Promise<readonly string[]> {
  const { control } = host.broker;
  const [settings, slots, wait] = await Promise.all(
    [queueSettingsKey(queue), queueSlotsKey(queue), waitKey(run)].map((key) => control.read(key)),
  );
  const { paused, concurrency, rate } = settingsOf(settings);
  if (paused) return [`queue ${queue} is paused`];
  const request = { run: run.id, worker: "", takesOver: false, starts: true, isActive: false };
  const limits = { limit: concurrency, rate };
  const answer = takeSlot(tableOf(slots), limits, request, host.clock.now());
  const texts = answer.granted ? [] : [slotRefusalText(answer.refusal, `queue ${queue}`)];
  const said = wait === undefined ? undefined : decodeWait(wait.data);
  return said?.kind === "ok" ? [...texts, said.value.text] : texts;
}
