import { PayloadTooLargeError } from "../engine/flow-errors.ts";
import type { Payload, PlainPayload } from "../engine/payload.ts";
import { runRef, runRefOfTokens } from "../engine/run-id.ts";
import { BrokerError } from "../engine/usage-errors.ts";
import type { BusMessage } from "../ports/message-bus.ts";
import { BusSubjects } from "../wire/bus-subjects.ts";
import {
  decodeIngressContent,
  decodeIngressLetter,
  encodeIngressContent,
  encodeIngressLetter,
  type IngressContent,
  type IngressLetter,
} from "../wire/ingress-letter-codec.ts";
import type { ClientHost } from "./client-host.ts";

/**
 * Messages of the ingress that were set aside: each is copied, and only then taken out of the way of what is behind it. Where
 * a letter stands is made of the message's sequence, so a message that is set aside twice has one.
 */
export class IngressLetters {
  readonly #host: LettersHost;
  readonly #subjects: BusSubjects;

  constructor(host: LettersHost) {
    this.#host = host;
    this.#subjects = new BusSubjects(host.broker.log.namespace);
  }

  /**
   * Sets a message aside: resolves when its copy is durable. False says that it was there already.
   * @throws {@link BrokerError}, {@link BlobStoreError}, {@link CodecError}: nothing is lost, try again.
   */
  async put({ subject, sequence, headers, data }: BusMessage, reason: string): Promise<boolean> {
    const content = { encoding: "binary", data: encodeIngressContent({ headers, body: data }) };
    const message = await this.#seal(content, sequence);
    const at = this.#host.clock.now();
    const letter = { subject, sequence, reason: cut(reason), at, message };
    const outcome = await this.#write(letter, 0);
    if (outcome === "unknown") {
      throw new BrokerError(`It is not known whether message ${sequence} was set aside.`);
    }
    return outcome === "written";
  }

  /** The sequences of all messages that were set aside, the newest first. */
  async sequences(): Promise<readonly number[]> {
    const { broker } = this.#host;
    const found = await broker.bus.subjects(this.#stream, this.#subjects.deadIngress("*"));
    return [...found.keys()]
      .map((subject) => Number(subject.split(".").at(-1)))
      .filter((sequence) => Number.isSafeInteger(sequence))
      .toSorted((one, other) => other - one);
  }

  /** The letter about the message with this sequence. */
  async read(sequence: number): Promise<StoredIngressLetter | undefined> {
    const subject = this.#subjects.deadIngress(sequence);
    const stored = await this.#host.broker.bus.last(this.#stream, subject);
    if (stored === undefined) return undefined;
    const decoded = decodeIngressLetter(stored.data);
    if (decoded.kind === "ok") return { letter: decoded.value, revision: stored.sequence };
    const reason = `this letter itself is foreign: ${decoded.reason}`;
    const letter = { subject, sequence, reason, at: 0, message: NOT_KEPT };
    return { letter, revision: stored.sequence };
  }

  /** @throws the errors of payloads when it cannot be read here. */
  async content({ message }: IngressLetter): Promise<IngressContent> {
    const { data } = await this.#host.payloads.open(message);
    return decodeIngressContent(data);
  }

  /** The run that the message is about, if there can be one: the id that its publisher was promised. */
  runIdOf(letter: IngressLetter, { headers }: IngressContent): string | undefined {
    const place = this.#subjects.ingressPlace(letter.subject);
    const key = firstOf(headers, "millrace-key");
    try {
      if (place?.kind === "submit") {
        const origin = firstOf(headers, "millrace-replay") ?? String(letter.sequence);
        return runRef(place.flow, key ?? firstOf(headers, "nats-msg-id") ?? `ingress-${origin}`).id;
      }
      if (place?.kind !== "signal" && place?.kind !== "cancel") return undefined;
      return key === undefined
        ? runRefOfTokens(place.flow, place.key)?.id
        : runRef(place.flow, key).id;
    } catch {
      return undefined;
    }
  }

  /**
   * Publishes the message again under its own id, so that it is the same piece of work: with another body or other headers, if
   * something was wrong with them. An empty header is left out.
   * @throws {@link BrokerError}
   */
  async publishAgain(
    letter: IngressLetter,
    content: IngressContent,
    { body, headers: changed = {} }: ReplayChanges,
  ): Promise<void> {
    const headers = new Map<string, string>();
    for (const [name, values] of content.headers) {
      // The broker's own are not for others to send; several tags stand in one header.
      if (!name.startsWith("nats-")) headers.set(name, values.join(","));
    }
    const place = this.#subjects.ingressPlace(letter.subject);
    const messageId = firstOf(content.headers, "nats-msg-id");
    if (place?.kind === "submit" && messageId !== undefined && !headers.has("millrace-key")) {
      headers.set("millrace-key", messageId);
    }
    if (body !== undefined) {
      headers.set("content-type", "application/json");
      headers.delete("content-encoding");
    }
    const replayed = firstOf(content.headers, "millrace-replay");
    headers.set("millrace-replay", replayed ?? String(letter.sequence));
    for (const [name, value] of Object.entries(changed)) {
      if (value === "") headers.delete(name.toLowerCase());
      else headers.set(name.toLowerCase(), value);
    }
    await this.#host.broker.bus.publish({
      subject: letter.subject,
      data: body === undefined ? content.body : new TextEncoder().encode(JSON.stringify(body)),
      headers: Object.fromEntries(headers),
    });
  }

  /** Records what became of a letter, if it is still the one that was read. */
  async resolve(
    { letter, revision }: StoredIngressLetter,
    as: "replayed" | "dropped",
  ): Promise<IngressLetter | undefined> {
    const { broker, clock } = this.#host;
    const resolved = { ...letter, resolved: { as, at: clock.now() } };
    if ((await this.#write(resolved, revision)) !== "written") return undefined;
    await broker.bus.remove(this.#stream, revision);
    return resolved;
  }

  /** A message that was small enough to be published may be too large to be copied, if there is no blob store: then it is gone. */
  async #seal(content: PlainPayload, sequence: number): Promise<Payload> {
    try {
      return await this.#host.payloads.seal(content, `The message with sequence ${sequence}`);
    } catch (error) {
      if (error instanceof PayloadTooLargeError) return NOT_KEPT;
      throw error;
    }
  }

  async #write(
    letter: IngressLetter,
    expected: number,
  ): Promise<"written" | "conflict" | "unknown"> {
    const subject = this.#subjects.deadIngress(letter.sequence);
    const data = encodeIngressLetter(letter);
    const { status } = await this.#host.broker.bus.publishIf({ subject, data }, expected);
    return status;
  }

  get #stream(): string {
    return this.#host.broker.bus.streams.ingress;
  }
}

/** What of a message is to be changed before it is published again. */
export interface ReplayChanges {
  /** Plain JSON in the place of its body. */
  readonly body?: unknown;
  /** Headers to set; an empty one is left out. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface StoredIngressLetter {
  readonly letter: IngressLetter;
  readonly revision: number;
}

export type LettersHost = Pick<ClientHost, "broker" | "clock" | "payloads">;

function firstOf(headers: IngressContent["headers"], name: string): string | undefined {
  const value = headers.get(name)?.[0]?.trim();
  return value === "" ? undefined : value;
}

/** A schema may name any number of issues. */
function cut(reason: string): string {
  return reason.length > MAX_REASON ? `${reason.slice(0, MAX_REASON)}...` : reason;
}

const NOT_KEPT: Payload = { encoding: "undefined", data: new Uint8Array() };
const MAX_REASON = 1_000;
