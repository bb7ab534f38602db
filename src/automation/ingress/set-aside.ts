import type { Logger } from "pino";
import type { IngressLetters } from "../../client/ingress-letters.ts";
import type { BusMessage } from "../../ports/message-bus.ts";
import type { BusSubjects } from "../../wire/bus-subjects.ts";

/**
 * Gets a message out of the way of what is behind it, once it stands among the dead letters. What stands on one of Millrace's
 * own subjects and is none of its messages gets no letter: nobody can publish it again, and letters are numbered as what was
 * published is.
 * @throws as {@link IngressLetters.put} does: then it is still there.
 */
export async function setAside(
  { letters, subjects, log }: SetAsideParts,
  message: BusMessage,
  reason: string,
  remove: () => Promise<void> | void,
): Promise<void> {
  const { subject, sequence } = message;
  if (subjects.isOwn(subject)) {
    await remove();
    log.warn({ subject, reason }, "A message on a subject of Millrace's own was removed");
    return;
  }
  const isNew = await letters.put(message, reason);
  await remove();
  if (!isNew) return;
  const about = { subject, reason, deadLetter: `ingress/${sequence}` };
  log.warn(about, "Published message set aside");
}

export interface SetAsideParts {
  readonly letters: IngressLetters;
  readonly subjects: BusSubjects;
  readonly log: Logger;
}
