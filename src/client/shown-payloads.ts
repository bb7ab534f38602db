import { isPlain, type Payload } from "../engine/payload.ts";
import { BlobStoreError } from "../engine/payload-errors.ts";
import type { RunEvent } from "../engine/run-event.ts";
import { describePayload } from "../payloads/describe-payload.ts";
import type { Payloads } from "../payloads/payloads.ts";
import { decodeError } from "../wire/error-codec.ts";
import { decodeValue } from "../wire/value-codec.ts";

/**
 * Opens payloads for somebody to look at: what is large stays where it is, and what cannot be read says so in its place.
 * Never throws.
 */
export class ShownPayloads {
  readonly #payloads: Payloads;
  /** What may still be fetched, all told. */
  #leftBytes = MAX_FETCHED_BYTES;
  /** What may still be decoded, all told: a run may have ten thousand steps. */
  #leftToDecode = MAX_DECODED_BYTES;

  constructor(payloads: Payloads) {
    this.#payloads = payloads;
  }

  /** The value, or a text that says where it is. */
  async value(payload: Payload): Promise<unknown> {
    const found = await this.#open(payload);
    if (found instanceof Error) return unreadable(payload, found);
    if (!isPlain(found)) return describePayload(found);
    const { length } = found.data;
    if (length > this.#leftToDecode)
      return `<${length} bytes of ${found.encoding}: too many to show>`;
    this.#leftToDecode -= length;
    try {
      return decodeValue(found);
    } catch (error) {
      return `[unreadable: ${String(error)}]`;
    }
  }

  async values(payloads: Readonly<Record<string, Payload>>): Promise<Record<string, unknown>> {
    const values: [string, unknown][] = [];
    for (const [name, payload] of Object.entries(payloads)) {
      values.push([name, await this.value(payload)]);
    }
    return Object.fromEntries(values);
  }

  /** The error that was recorded, or one that says why it cannot be shown. */
  async error(payload: Payload): Promise<Error> {
    const found = await this.#open(payload);
    if (found instanceof Error) return found;
    return isPlain(found) ? decodeError(found) : new Error(describePayload(found));
  }

  /** The event with its payload opened, or left as it is recorded. */
  async event<E extends RunEvent>(event: E): Promise<E> {
    if ("output" in event) return { ...event, output: await this.#readable(event.output) };
    if ("error" in event) return { ...event, error: await this.#readable(event.error) };
    if (event.type !== "Annotated") return event;
    const exposed: [string, Payload][] = [];
    for (const [name, payload] of Object.entries(event.exposed)) {
      exposed.push([name, await this.#readable(payload)]);
    }
    return { ...event, exposed: Object.fromEntries(exposed) };
  }

  async #readable(payload: Payload): Promise<Payload> {
    const found = await this.#open(payload);
    return found instanceof Error ? payload : found;
  }

  async #open(payload: Payload): Promise<Payload | Error> {
    if (payload.blob !== undefined) {
      if (payload.blob.size > Math.min(MAX_SHOWN_BYTES, this.#leftBytes)) return payload;
      this.#leftBytes -= payload.blob.size;
    }
    try {
      return await this.#payloads.open(payload);
    } catch (error) {
      // Each one that is asked in vain takes seconds.
      if (error instanceof BlobStoreError) this.#leftBytes = 0;
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}

/** A larger blob is not fetched only to be shown. */
const MAX_SHOWN_BYTES = 1_048_576;
const MAX_FETCHED_BYTES = 16_777_216;
const MAX_DECODED_BYTES = 67_108_864;

function unreadable(payload: Payload, error: Error): string {
  return isPlain(payload)
    ? `[unreadable: ${String(error)}]`
    : `${describePayload(payload)} [unreadable: ${String(error)}]`;
}
