import type { TriggerSource } from "../../engine/trigger-spec.ts";
import type { MessageBus } from "../../ports/message-bus.ts";

/** The stream that a source is read from. A subject that no stream holds is captured from now on. */
export async function streamOf(bus: MessageBus, source: TriggerSource): Promise<string> {
  switch (source.kind) {
    case "run":
    case "event":
      return bus.streams.events;
    case "stream":
      return source.stream;
    case "subject": {
      const held = await bus.streamOf(source.subject);
      if (held !== undefined) return held;
      await bus.capture(source.subject);
      return bus.streams.captured;
    }
  }
}

/** Where a consumer begins that is made now: with everything, or at the time at which the trigger was made. */
export function beginOf(source: TriggerSource, createdAt: number): "beginning" | number {
  const isAll = "from" in source && source.from === "beginning";
  return isAll ? "beginning" : createdAt;
}
