import { filtersOf, type SourceSide, sidesOf, subjectsOf } from "../../client/trigger-sources.ts";
import type { CloudEvent } from "../../engine/cloud-event.ts";
import { subjectCovers } from "../../engine/subject-match.ts";
import type { ShapeEvent } from "../../engine/trigger-shapes/shape.ts";
import type { BusMessage } from "../../ports/message-bus.ts";
import { BusSubjects } from "../../wire/bus-subjects.ts";
import { cloudEventOf } from "../../wire/cloud-event-codec.ts";
import type { TriggerPlace } from "../../wire/trigger-place-codec.ts";
import type { ActiveTrigger } from "./active-trigger.ts";
import { eventId } from "./firing-id.ts";
import { beginOf } from "./source-streams.ts";

/** What a trigger reads, and what each message is to its shape. */
export class SideReaders {
  readonly #trigger: ActiveTrigger;
  readonly #sides: readonly PlacedSide[];
  /** All events of a run count, not only those that the source names. */
  readonly #isByRun: boolean;

  constructor(trigger: ActiveTrigger, { consumers }: TriggerPlace, namespace: string) {
    const { on } = trigger.record.spec;
    const subjects = new BusSubjects(namespace);
    this.#trigger = trigger;
    this.#isByRun = on.kind === "run" && on.longerThanMs !== undefined;
    // Sides that share a stream have one consumer.
    this.#sides = sidesOf(trigger.record.spec).flatMap((side, at) => {
      const place = consumers[at] ?? consumers[0];
      return place === undefined ? [] : [{ ...side, place, subjects: subjectsOf(subjects, side) }];
    });
  }

  /** The consumers to open. */
  get consumers(): readonly WantedReader[] {
    const wanted = new Map<string, WantedReader>();
    for (const { place, subjects, source } of this.#sides) {
      const before = wanted.get(place.consumer);
      const from = before?.from ?? beginOf(source, this.#trigger.record.createdAt);
      const filters = filtersOf([...(before?.filters ?? []), ...subjects]);
      wanted.set(place.consumer, { ...place, filters, from });
    }
    return [...wanted.values()];
  }

  /**
   * What a message is to the shape, and for which key; nothing for one that it does not concern.
   * @throws {@link ExpressionError}
   */
  read(message: BusMessage): { readonly key: string; readonly event: ShapeEvent } | undefined {
    const event = cloudEventOf(message);
    const roles = this.#rolesOf(message, event);
    if (!roles.isOn && !roles.isOther) return undefined;
    const key = this.#isByRun ? runOf(event) : this.#trigger.compiled.keyOf(event);
    if (key === undefined) return undefined;
    const { storedAt: at, stream, sequence } = message;
    const place = { id: eventId(event), at, stream, sequence, since: since(event, at) };
    return { key, event: { ...place, ...roles, bytes: sizeOf(event) + OVERHEAD_BYTES, event } };
  }

  #rolesOf(message: BusMessage, event: CloudEvent): Pick<ShapeEvent, "isOn" | "isOther"> {
    const { compiled } = this.#trigger;
    const isOf = (role: SourceSide["role"]): boolean =>
      this.#sides.some((side) => side.role === role && isFrom(side, message));
    const match = compiled.match(event);
    if (!match.isMatch && match.error !== undefined) throw match.error;
    if (this.#isByRun) return { isOn: match.isMatch, isOther: true };
    const other = compiled.matchOther(event);
    if (!other.isMatch && other.error !== undefined) throw other.error;
    return { isOn: match.isMatch && isOf("on"), isOther: other.isMatch && isOf("other") };
  }
}

export interface WantedReader {
  readonly stream: string;
  readonly consumer: string;
  readonly filters: readonly string[];
  readonly from: "beginning" | number;
}

interface PlacedSide extends SourceSide {
  readonly place: { readonly stream: string; readonly consumer: string };
  readonly subjects: readonly string[];
}

function isFrom({ place, subjects }: PlacedSide, { stream, subject }: BusMessage): boolean {
  return place.stream === stream && subjects.some((pattern) => subjectCovers(pattern, subject));
}

function runOf({ data }: CloudEvent): string | undefined {
  const run = typeof data === "object" && data !== null && "run" in data ? data.run : undefined;
  return typeof run === "string" ? run : undefined;
}

function since({ time }: CloudEvent, storedAt: number): number {
  const happened = Date.parse(time);
  return Number.isNaN(happened) ? storedAt : Math.min(happened, storedAt);
}

/** As it stands in a record: headers are part of it, and what JSON escapes takes up to six times its room. */
function sizeOf(event: CloudEvent): number {
  return Buffer.byteLength(JSON.stringify(event));
}

/** Of an event in a record, beside its own bytes. */
const OVERHEAD_BYTES = 256;
