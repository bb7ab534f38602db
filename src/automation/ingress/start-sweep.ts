import { ControlLease } from "../../client/control-lease.ts";
import type { IngressLetters } from "../../client/ingress-letters.ts";
import type { BusMessage } from "../../ports/message-bus.ts";
import type { BusSubjects } from "../../wire/bus-subjects.ts";
import type { AutomationHost, AutomationPart } from "../automation-host.ts";
import { decodeIngress } from "./decode-ingress.ts";
import { setAside } from "./set-aside.ts";

/**
 * Sets aside what nobody reads: messages for flows that no worker ever served, and those on subjects that are none. What stands
 * on Millrace's own subjects and is not of Millrace is removed. A consumer stays when its workers are gone, so what is published for a flow that was served once waits for it. One worker at a time does
 * this; two do no harm.
 */
export function startSweep(host: AutomationHost, options: SweepOptions): AutomationPart {
  const { graceMs = GRACE_MS } = options;
  const everyMs = Math.max(MIN_EVERY_MS, graceMs / 4);
  const { clock, log, millrace, worker } = host;
  const { control } = millrace.broker;
  const ttlMs = Math.max(1_000, 3 * everyMs);
  const lease = new ControlLease({ control, clock, what: "ingress-sweep", holder: worker, ttlMs });
  const { published, ingress } = millrace.broker.bus.streams;
  const sweeps = [published, ingress].map(
    (stream) => new Sweep(host, { ...options, stream }, graceMs),
  );
  let isStopped = false;
  let stopTimer = nothing;
  let round: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    try {
      if (await lease.hold()) for (const sweep of sweeps) await sweep.round();
    } catch (error) {
      if (!isStopped) log.debug({ err: error }, "The ingress is looked through again later");
    }
  };
  const order = (): void => {
    stopTimer = clock.after(
      everyMs,
      () => {
        round = look().then(() => {
          if (!isStopped) order();
        });
      },
      "upkeep",
    );
  };
  order();
  return {
    stop: async () => {
      isStopped = true;
      stopTimer();
      await round;
      await lease.release().catch(() => undefined);
    },
  };
}

export interface SweepOptions {
  readonly letters: IngressLetters;
  readonly subjects: BusSubjects;
  readonly graceMs?: number;
}

function nothing(): void {}

/** As a filter such a subject would stand for others too, and filters must not overlap. */
function isPattern(subject: string): boolean {
  return /[*>]/.test(subject);
}

interface StreamSweepOptions extends SweepOptions {
  readonly stream: string;
}

/** Looks through one stream. */
class Sweep {
  readonly #host: AutomationHost;
  readonly #options: StreamSweepOptions;
  readonly #graceMs: number;
  /** How far the stream went, and when that was: older than that is what stands before it. No clocks are compared. */
  readonly #marks: { readonly at: number; readonly last: number }[] = [];

  constructor(host: AutomationHost, options: StreamSweepOptions, graceMs: number) {
    this.#host = host;
    this.#options = options;
    this.#graceMs = graceMs;
  }

  async round(): Promise<void> {
    const { bus } = this.#host.millrace.broker;
    const now = this.#host.clock.now();
    const extent = await bus.extent(this.#options.stream);
    if (extent === undefined || extent.messages === 0) return;
    this.#marks.push({ at: now, last: extent.last });
    const isOld = ({ at }: { at: number }): boolean => now - at >= this.#graceMs;
    const old = this.#marks.findLast(isOld);
    if (old === undefined) return;
    this.#marks.splice(0, this.#marks.indexOf(old));
    const unread = await this.#unread(await this.#served());
    const literal = unread.filter((subject) => !isPattern(subject));
    for (let at = 0; at < literal.length; at += MAX_FILTERS) {
      await this.#setAsideOn(literal.slice(at, at + MAX_FILTERS), old.last);
    }
    for (const subject of unread.filter(isPattern)) await this.#setAsideOn([subject], old.last);
  }

  async #setAsideOn(filters: readonly string[], upTo: number): Promise<void> {
    const { bus } = this.#host.millrace.broker;
    for await (const batch of bus.scan(this.#options.stream, { filters })) {
      // Somebody may have begun to serve a flow meanwhile.
      const served = await this.#served();
      for (const message of batch) {
        if (message.sequence > upTo) return;
        if (!this.#isRead(message.subject, served)) await this.#setAside(message);
      }
    }
  }

  /** The filters of all consumers: what matches one is read, now or when its workers are back. */
  async #served(): Promise<ReadonlySet<string>> {
    const { bus } = this.#host.millrace.broker;
    const consumers = await bus.consumers(this.#options.stream);
    return new Set(consumers.flatMap(({ filters }) => filters));
  }

  /** The subjects on which something stands that nobody reads. */
  async #unread(served: ReadonlySet<string>): Promise<readonly string[]> {
    const { bus } = this.#host.millrace.broker;
    const unread: string[] = [];
    const { stream, subjects } = this.#options;
    // In a namespace that is older one stream may hold both.
    for (const filter of [...subjects.ofStreams.published, ...subjects.ofStreams.ingress]) {
      for (const subject of (await bus.subjects(stream, filter)).keys()) {
        if (!this.#isRead(subject, served)) unread.push(subject);
      }
    }
    return unread;
  }

  #isRead(subject: string, served: ReadonlySet<string>): boolean {
    const { subjects } = this.#options;
    const kind = subjects.ingressPlace(subject)?.kind;
    // What a schedule ordered waits for its flow, and a letter for somebody who sees to it.
    if (kind === "order" || kind === "dead" || kind === "due") return true;
    const flow = subjects.ingressFlow(subject);
    return flow !== undefined && subjects.ofFlow(flow).some((filter) => served.has(filter));
  }

  async #setAside(message: BusMessage): Promise<void> {
    const { letters, stream, subjects } = this.#options;
    const { log, millrace } = this.#host;
    const decoded = decodeIngress(subjects, message);
    const reason =
      decoded.kind === "foreign"
        ? decoded.reason
        : `nobody has ever served flow ${subjects.ingressFlow(message.subject) ?? ""}`;
    await setAside({ letters, subjects, log }, message, reason, () =>
      millrace.broker.bus.remove(stream, message.sequence),
    );
  }
}

const GRACE_MS = 60_000;
const MIN_EVERY_MS = 20;
/** Subjects of one look through the stream. */
const MAX_FILTERS = 64;
