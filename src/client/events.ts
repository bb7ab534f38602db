import { type Duration, toMilliseconds } from "../engine/duration.ts";
import { DEFAULT_EVENT_SETTINGS, type EventSettings } from "../engine/event-settings.ts";
import { RUN_STATUSES } from "../engine/run-status.ts";
import { BrokerError, InvalidOptionError } from "../engine/usage-errors.ts";
import type { ControlRecord } from "../ports/control-store.ts";
import type { EventRetention } from "../ports/message-bus.ts";
import {
  decodeEventSettings,
  EVENT_SETTINGS,
  encodeEventSettings,
} from "../wire/event-settings-codec.ts";
import type { ClientHost } from "./client-host.ts";
import { Patience } from "./patience.ts";
import { type StoredEvent, type TailOptions, tailEvents } from "./tail-events.ts";

/** What a namespace tells of: run events, applications' events and its own (docs/events.md). */
export class Events {
  readonly #host: ClientHost;

  constructor(host: ClientHost) {
    this.#host = host;
  }

  /**
   * Events as they stand in the stream, in its order: those that are there, or with `follow` also those that come, until the
   * loop is left.
   * @throws {@link InvalidOptionError} for a type that is none.
   */
  tail(options: TailOptions = {}): AsyncGenerator<StoredEvent> {
    return tailEvents(this.#host, options);
  }

  /** How long and how much the events stream keeps. */
  retention(): Promise<EventRetention> {
    return this.#host.broker.bus.retention();
  }

  /**
   * Changes what the events stream keeps; what is not given stays. What is beyond it is gone at once, and triggers that had not
   * come by never see it.
   * @throws {@link InvalidOptionError}, {@link InvalidDurationError}, {@link BrokerError}
   */
  async retain(options: RetainOptions): Promise<EventRetention> {
    const { maxAge, maxBytes } = options;
    const before = await this.retention();
    const retention: EventRetention = {
      maxAgeMs: maxAge === undefined ? before.maxAgeMs : ageOf(maxAge),
      maxBytes: maxBytes === undefined ? before.maxBytes : bytesOf(maxBytes),
    };
    await this.#host.broker.bus.retain(retention);
    return retention;
  }

  /** What is told of runs. */
  async settings(): Promise<EventSettings> {
    return settingsIn(await this.#host.broker.control.read(EVENT_SETTINGS));
  }

  /**
   * Settles which statuses of runs are told, for the whole namespace; an empty list turns run events off. What happened while
   * they were off is not told later. Workers follow within some seconds.
   * @throws {@link InvalidOptionError} for a status that is none.
   */
  async configure({ statuses }: EventSettings): Promise<EventSettings> {
    for (const status of statuses) {
      if (RUN_STATUSES.includes(status)) continue;
      throw new InvalidOptionError("statuses", status, `use ${RUN_STATUSES.join(", ")}`);
    }
    const settings = { statuses: RUN_STATUSES.filter((status) => statuses.includes(status)) };
    const { control } = this.#host.broker;
    const patience = new Patience(this.#host, GIVE_UP_MS);
    for (;;) {
      const stored = await patience.ask(() => control.read(EVENT_SETTINGS));
      const before = settingsIn(stored);
      if (before.statuses.join() === settings.statuses.join()) return settings;
      const bytes = encodeEventSettings(settings);
      const outcome = await control.write(EVENT_SETTINGS, bytes, stored?.revision ?? 0);
      if (outcome.status === "written") return settings;
      if (patience.isOver) {
        const cause = outcome.status === "unknown" ? outcome.cause : undefined;
        throw new BrokerError("The settings of events were not confirmed. Try again.", { cause });
      }
      if (outcome.status === "unknown") await patience.pause();
    }
  }
}

/** What {@link Events.retain} changes. */
export interface RetainOptions {
  /** How long an event is kept, in whole seconds. */
  readonly maxAge?: Duration | "forever";
  /** How many bytes are kept at most. */
  readonly maxBytes?: number | "unlimited";
}

function settingsIn(record: ControlRecord | undefined): EventSettings {
  const decoded = record === undefined ? undefined : decodeEventSettings(record.data);
  return decoded?.kind === "ok" ? decoded.value : DEFAULT_EVENT_SETTINGS;
}

function ageOf(maxAge: Duration | "forever"): number {
  if (maxAge === "forever") return 0;
  const ms = Math.ceil(toMilliseconds(maxAge) / 1_000) * 1_000;
  if (ms >= 1_000) return ms;
  throw new InvalidOptionError("maxAge", maxAge, "give a time such as 7d, or forever");
}

function bytesOf(maxBytes: number | "unlimited"): number {
  if (maxBytes === "unlimited") return 0;
  if (Number.isSafeInteger(maxBytes) && maxBytes >= 1) return maxBytes;
  throw new InvalidOptionError("maxBytes", maxBytes, "give bytes from 1, or unlimited");
}

const GIVE_UP_MS = 30_000;
