import type { Attributes } from "../engine/attributes.ts";
import { RedactionError } from "../engine/bundle-errors.ts";
import type { InputBody } from "../engine/input.ts";
import type { Payload } from "../engine/payload.ts";
import type { RunEvent } from "../engine/run-event.ts";
import type { RunOutcome } from "../engine/run-outcome.ts";
import type { StoredRun } from "../history/recorded-run.ts";
import { chain } from "../history/run-history.ts";
import type { Stored } from "../ports/run-log.ts";
import { decodeFrame, encodeFrame } from "../wire/frame-codec.ts";
import { decodeInput, encodeInput } from "../wire/input-codec.ts";
import { decodeSubmission, encodeSubmission } from "../wire/submission-codec.ts";
import type { Names } from "./redaction-path.ts";

/** What is done to everything in a run that a user wrote. What is given back unchanged leaves its message as it is. */
export interface RunChange {
  payload(payload: Payload, way: readonly Names[]): Promise<Payload>;
  /** Metadata, tags, text attributes, reasons. */
  text(text: string, way: readonly Names[]): string;
  /** Bytes that no worker wrote. */
  foreign(data: Uint8Array): Uint8Array;
}

/**
 * The run with all that a user wrote changed, message by message.
 * @throws {@link RedactionError} when a newer Millrace wrote some of it: nobody here can look into that.
 */
export async function changeRun(stored: StoredRun, change: RunChange): Promise<StoredRun> {
  const changer = new Changer(stored, change);
  const inbox: Stored[] = [];
  for (const message of stored.inbox) inbox.push(await changer.input(message));
  const history: Stored[] = [];
  for (const message of stored.history) history.push(await changer.frame(message));
  return { submission: await changer.submission(stored.submission), inbox, history };
}

class Changer {
  readonly #change: RunChange;
  /** How the flow names its children, by their runs. */
  readonly #children = new Map<string, string[]>();

  constructor(stored: StoredRun, change: RunChange) {
    this.#change = change;
    for (const { events } of chain(stored.history).frames) {
      for (const event of events) {
        if (event.type !== "ChildSubmitted") continue;
        const ids = this.#children.get(event.runId) ?? [];
        this.#children.set(event.runId, [...ids, event.child]);
      }
    }
  }

  async submission(message: Stored): Promise<Stored> {
    const decoded = decodeSubmission(message.data);
    if (decoded.kind === "foreign") throw new RedactionError("Its submission cannot be read.");
    const { value } = decoded;
    const { metadata, tags, attributes } = value;
    const next = {
      ...value,
      input: await this.#change.payload(value.input, [["input"]]),
      metadata: this.#texts(metadata, "metadata"),
      tags: this.#tags(tags),
      attributes: this.#attributes(attributes),
    };
    return sameFields(value, next) ? message : { ...message, data: encodeSubmission(next) };
  }

  async input(message: Stored): Promise<Stored> {
    const decoded = decodeInput(message.data);
    if (decoded.kind === "foreign") return this.#foreign(message);
    const { value } = decoded;
    const body = await this.#body(value.body);
    return body === value.body ? message : { ...message, data: encodeInput({ ...value, body }) };
  }

  async frame(message: Stored): Promise<Stored> {
    const decoded = decodeFrame(message.data);
    if (decoded.kind === "foreign") return this.#foreign(message);
    const { value } = decoded;
    if (value.events.some(({ type }) => type === "Unknown")) {
      throw new RedactionError(
        `A newer Millrace wrote frame ${message.sequence}, so what is in it cannot be found here.`,
      );
    }
    const events: RunEvent[] = [];
    for (const event of value.events) events.push(await this.#event(event));
    const isSame = events.every((event, at) => event === value.events[at]);
    return isSame ? message : { ...message, data: encodeFrame({ ...value, events }) };
  }

  async #body(body: InputBody): Promise<InputBody> {
    if (body.type === "Signal") {
      const way: readonly Names[] = [["signals"], [body.name]];
      return changed(body, { payload: await this.#change.payload(body.payload, way) });
    }
    if (body.type === "Cancel") {
      return changed(body, { reason: this.#change.text(body.reason, [["reason"]]) });
    }
    if (body.type !== "RunClosed") return body;
    const names = namesOf(this.#children.get(body.runId) ?? []);
    const way: readonly Names[] = [["children"], [names[0] ?? body.runId, body.runId, ...names]];
    return changed(body, { outcome: await this.#outcome(body.outcome, way) });
  }

  async #outcome(outcome: RunOutcome, way: readonly Names[]): Promise<RunOutcome> {
    switch (outcome.status) {
      case "completed": {
        const output = await this.#change.payload(outcome.output, [...way, ["output"]]);
        return changed(outcome, { output });
      }
      case "failed": {
        const error = await this.#change.payload(outcome.error, [...way, ["error"]]);
        return changed(outcome, { error });
      }
      case "cancelled":
        return changed(outcome, { reason: this.#change.text(outcome.reason, [["reason"]]) });
      case "crashed":
        return outcome;
    }
  }

  async #event(event: RunEvent): Promise<RunEvent> {
    const way = wayOf(event);
    if ("output" in event) {
      const output = await this.#change.payload(event.output, [...way, ["output"]]);
      return changed(event, { output });
    }
    if ("error" in event) {
      const error = await this.#change.payload(event.error, [...way, ["error"]]);
      return changed(event, { error });
    }
    if (event.type === "CancelRequested" || event.type === "Cancelled") {
      return changed(event, { reason: this.#change.text(event.reason, [["reason"]]) });
    }
    return event.type === "Annotated" ? this.#annotated(event) : event;
  }

  async #annotated(
    event: Extract<RunEvent, { type: "Annotated" }>,
  ): Promise<Extract<RunEvent, { type: "Annotated" }>> {
    const { tags, attributes, exposed, progress } = event;
    const opened: [string, Payload][] = [];
    for (const [name, payload] of Object.entries(exposed)) {
      opened.push([name, await this.#change.payload(payload, [["exposed"], [name]])]);
    }
    const message = this.#change.text(progress?.message ?? "", [["progress"], ["message"]]);
    return changed(event, {
      tags: this.#tags(tags),
      attributes: this.#attributes(attributes),
      exposed: kept(exposed, Object.fromEntries(opened)),
      progress: progress === undefined ? undefined : changed(progress, { message }),
    });
  }

  #tags(tags: readonly string[]): readonly string[] {
    const texts = tags.map((tag, at) => this.#change.text(tag, [["tags"], [String(at)]]));
    return texts.every((text, at) => text === tags[at]) ? tags : texts;
  }

  #texts(texts: Readonly<Record<string, string>>, root: string): Readonly<Record<string, string>> {
    const entries = Object.entries(texts).map(([name, text]) => [
      name,
      this.#change.text(text, [[root], [name]]),
    ]);
    return kept(texts, Object.fromEntries(entries) as Record<string, string>);
  }

  #attributes(attributes: Attributes): Attributes {
    const entries = Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === "string" ? this.#change.text(value, [["attributes"], [name]]) : value,
    ]);
    return kept(attributes, Object.fromEntries(entries) as Attributes);
  }

  #foreign(message: Stored): Stored {
    const data = this.#change.foreign(message.data);
    return data === message.data ? message : { ...message, data };
  }
}

/** Where the payload of an event is; at the root for the end of the run. */
function wayOf(event: RunEvent): readonly Names[] {
  if (!("step" in event) || !("attempt" in event)) return [];
  const [name = event.step, ...others] = namesOf([event.step]);
  return [["steps"], [name, ...others]];
}

/** Ids of commands, and the same without their numbers: all uses of a name. */
function namesOf(ids: readonly string[]): readonly string[] {
  return [...ids, ...ids.map((id) => id.replace(/#\d+$/, ""))];
}

/** The object with some fields put in, or itself when they are there already. */
function changed<T extends object>(whole: T, fields: Partial<T>): T {
  const next = { ...whole, ...fields };
  return sameFields(whole, next) ? whole : next;
}

function kept<T extends object>(before: T, after: T): T {
  return sameFields(before, after) ? before : after;
}

function sameFields(before: object, after: object): boolean {
  const fields = Object.entries(before);
  const others = new Map(Object.entries(after));
  return fields.length === others.size && fields.every(([name, one]) => others.get(name) === one);
}
