import type { CloudEvent } from "../engine/cloud-event.ts";
import { checkEventType } from "../engine/event-type.ts";
import { NotSerializableError } from "../engine/flow-errors.ts";
import { isPrintable } from "../engine/names.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import { isPlainJson } from "./plain-json.ts";

/** An application's event before it is known where and when it happens. */
export type AppEvent = Pick<CloudEvent, "type" | "subject" | "data">;

/**
 * What an application wants to tell, checked.
 * @throws {@link InvalidNameError}, {@link NotSerializableError}, {@link InvalidOptionError}
 */
export function checkAppEvent(type: string, data: unknown, subject: string | undefined): AppEvent {
  checkEventType(type);
  if (subject !== undefined) checkEventText("subject", subject);
  if (!isPlainJson(data ?? null)) {
    const reason = "no plain JSON: undefined, a Date, a Map, a class, a cycle or the like is in it";
    throw new NotSerializableError(`The event ${type}`, "its data", reason);
  }
  return { type, ...(subject === undefined ? {} : { subject }), data: data ?? null };
}

/** @throws {@link InvalidOptionError} */
export function checkEventText(option: string, text: unknown): string {
  const isSound =
    typeof text === "string" && text !== "" && text.length <= MAX_TEXT && isPrintable(text);
  if (isSound) return text;
  const rule = `use 1 to ${MAX_TEXT} characters without control characters`;
  throw new InvalidOptionError(option, text, rule);
}

const MAX_TEXT = 256;
