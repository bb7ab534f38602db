/**
 * Takes what paths lead to out of a run, and then the same values wherever else they stand: a flow copies its input into
 * outputs and errors. In the end all bytes are searched once more, and nothing is made of it while one of the values is in them.
 */
import type { RedactedPath } from "../archive/run-file-format.ts";
import { RedactionError } from "../engine/bundle-errors.ts";
import type { Payload, PlainPayload } from "../engine/payload.ts";
import { BlobMissingError, BlobStoreError } from "../engine/payload-errors.ts";
import type { Payloads } from "../payloads/payloads.ts";
import type { BundleSource } from "./bundle.ts";
import { CarriedBlobs } from "./carried-blobs.ts";
import { changeRun } from "./change-run.ts";
import { payloadOfView, viewOf } from "./payload-view.ts";
import { changeInside, isMarker, markerOf, redactValue } from "./redact-value.ts";
import { formatPath, type Names, Paths, type RedactionPath } from "./redaction-path.ts";
import { eachPayload } from "./run-payloads.ts";
import { type Secret, Secrets } from "./secrets.ts";
import { recordedIn } from "./write-bundle.ts";

/**
 * `payloads` opens what the bundle will not show, so that it is known what to look for elsewhere.
 * @throws {@link RedactionError}, and what reading a blob throws
 */
export async function redact(
  source: BundleSource,
  payloads: Payloads,
  paths: readonly RedactionPath[],
): Promise<BundleSource> {
  if (paths.length === 0) return source;
  const redaction = new Redaction(source, payloads, paths);
  const cut = await changeRun(source.stored, {
    payload: (payload, way) => redaction.cut(payload, way),
    text: (text, way) => redaction.cutText(text, way),
    foreign: (data) => data,
  });
  const stored = await changeRun(cut, {
    payload: async (payload, way) => redaction.scrub(payload, way),
    text: (text, way) => redaction.scrubText(text, way),
    foreign: (data) => redaction.scrubForeign(data),
  });
  const redacted = { ...source, stored, ...redaction.after(recordedIn({ stored })) };
  redaction.verify(redacted);
  return redacted;
}

class Redaction {
  readonly #payloads: Payloads;
  readonly #paths: readonly RedactionPath[];
  readonly #all: Paths;
  readonly #former: readonly RedactedPath[];
  readonly #carried: CarriedBlobs;
  readonly #secrets = new Secrets();
  readonly #found: readonly { readonly places: Set<string>; readonly elsewhere: Set<string> }[];

  constructor(
    { blobs = [], redacted = [] }: BundleSource,
    payloads: Payloads,
    paths: readonly RedactionPath[],
  ) {
    this.#payloads = payloads;
    this.#paths = paths;
    this.#all = Paths.all(paths);
    this.#former = redacted;
    this.#carried = new CarriedBlobs(blobs);
    this.#found = paths.map(() => ({ places: new Set(), elsewhere: new Set() }));
  }

  /** The payload without what the paths lead to. Where nobody will be able to look into it, it goes as a whole. */
  async cut(payload: Payload, way: readonly Names[]): Promise<Payload> {
    const paths = this.#all.along(way);
    if (paths.isEmpty || payload.encoding === "undefined") return payload;
    const view = this.#open(payload);
    if (view === undefined) {
      const opened = await this.#openElsewhere(payload);
      const found = opened === undefined ? [] : this.#cutIn(opened.value, paths, way).found;
      if (opened !== undefined && found.length === 0) return payload;
      this.#note(found[0] ?? paths.first ?? 0, way);
      return this.#whole(payload);
    }
    const { next, found } = this.#cutIn(view.value, paths, way, (path, where) =>
      this.#note(path, where),
    );
    return found.length === 0 ? payload : this.#close(next, payload);
  }

  /** Gives the numbers of the paths that led to something, too. */
  #cutIn(
    value: unknown,
    paths: Paths,
    way: readonly Names[],
    onFound: (path: number, where: readonly Names[]) => void = () => undefined,
  ): { readonly next: unknown; readonly found: readonly number[] } {
    const found: number[] = [];
    const next = redactValue(value, paths, way, (path, where, one) => {
      found.push(path);
      onFound(path, where);
      this.#secrets.add(path, formatPath(where), one);
    });
    return { next, found };
  }

  /** What is in a payload that goes as a whole. Nothing when that takes a codec which is not at hand. */
  async #openElsewhere(payload: Payload): Promise<{ readonly value: unknown } | undefined> {
    try {
      return { value: viewOf(await this.#payloads.open(payload)) };
    } catch (error) {
      if (error instanceof BlobStoreError || error instanceof BlobMissingError) throw error;
      return undefined;
    }
  }

  cutText(text: string, way: readonly Names[]): string {
    const { hit } = this.#all.along(way);
    if (hit === undefined || text === "" || isMarker(text)) return text;
    this.#note(hit, way);
    this.#secrets.add(hit, formatPath(way), text);
    return markerOf(text);
  }

  scrub(payload: Payload, way: readonly Names[]): Payload {
    const view = this.#open(payload);
    if (view === undefined) {
      const bytes = payload.codec === undefined ? this.#carried.bytesOf(payload) : undefined;
      return bytes === undefined ? payload : this.#scrubBytes(payload, bytes, way);
    }
    if (view.value instanceof Uint8Array) return this.#scrubBytes(payload, view.value, way);
    let found = 0;
    const onFound = (secret: Secret): void => {
      found++;
      this.#noteElsewhere(secret, way);
    };
    const next = new Scrubber(this.#secrets, onFound).visit(view.value);
    return found === 0 ? payload : this.#close(next, payload);
  }

  scrubText(text: string, way: readonly Names[]): string {
    if (isMarker(text)) return text;
    return this.#secrets.scrub(text, (secret) => this.#noteElsewhere(secret, way));
  }

  scrubForeign(data: Uint8Array): Uint8Array {
    const secret = this.#secrets.in(data);
    if (secret === undefined) return data;
    this.#noteElsewhere(secret, [["foreign"]]);
    return Buffer.from(markerOf(data));
  }

  after(run: Parameters<typeof eachPayload>[0]): Pick<BundleSource, "blobs" | "redacted"> {
    const made = this.#paths.map(({ text }, at) => ({
      path: text,
      places: [...(this.#found[at]?.places ?? [])].toSorted(),
      elsewhere: [...(this.#found[at]?.elsewhere ?? [])].toSorted(),
    }));
    return {
      blobs: this.#carried.ofPayloads(eachPayload(run)),
      redacted: [...this.#former, ...made],
    };
  }

  /** What was to be taken out must be nowhere. */
  verify({ namespace, stored, blobs = [], redacted }: BundleSource): void {
    const { submission } = recordedIn({ stored });
    const texts = { namespace, id: submission.runId, queue: submission.queue, redacted };
    this.#verify("the run's id, or its queue", Buffer.from(JSON.stringify(texts)));
    this.#verify("its submission", stored.submission.data);
    for (const { sequence, data } of stored.inbox) this.#verify(`input ${sequence}`, data);
    for (const { sequence, data } of stored.history) this.#verify(`frame ${sequence}`, data);
    for (const { ref, bytes } of blobs) this.#verify(`blob ${ref.key}`, bytes);
  }

  #verify(what: string, bytes: Uint8Array): void {
    const secret = this.#secrets.exactIn(bytes);
    if (secret === undefined) return;
    throw new RedactionError(
      `The value at ${secret.place} also stands in ${what}, where it cannot be taken out. Leave the path ${this.#paths[secret.path]?.text ?? ""} away if that may be shown.`,
    );
  }

  /** Nothing for a payload that nobody here can look into. */
  #open(payload: Payload): { readonly value: unknown } | undefined {
    const data = payload.codec === undefined ? this.#carried.bytesOf(payload) : undefined;
    if (data === undefined) return undefined;
    try {
      return { value: viewOf({ encoding: payload.encoding, data }) };
    } catch {
      return undefined;
    }
  }

  #close(value: unknown, { encoding }: Payload): Payload {
    return this.#carried.put(payloadOfView(value, encoding));
  }

  #whole({ encoding }: Payload): PlainPayload {
    return payloadOfView("[redacted payload]", encoding);
  }

  #scrubBytes(payload: Payload, bytes: Uint8Array, way: readonly Names[]): Payload {
    const secret = this.#secrets.in(bytes);
    if (secret === undefined) return payload;
    this.#noteElsewhere(secret, way);
    return this.#whole(payload);
  }

  #note(path: number, way: readonly Names[]): void {
    this.#found[path]?.places.add(formatPath(way));
  }

  #noteElsewhere({ path }: Secret, way: readonly Names[]): void {
    this.#found[path]?.elsewhere.add(formatPath(way));
  }
}

/** Takes secrets out of all texts of a value, in place, and puts a marker where one is the value itself. */
class Scrubber {
  readonly #secrets: Secrets;
  readonly #onFound: (secret: Secret) => void;
  readonly #seen = new Set<object>();

  constructor(secrets: Secrets, onFound: (secret: Secret) => void) {
    this.#secrets = secrets;
    this.#onFound = onFound;
  }

  visit(value: unknown): unknown {
    if (typeof value === "string") {
      return isMarker(value) ? value : this.#secrets.scrub(value, this.#onFound);
    }
    if (typeof value !== "object" || value === null) return this.#known(value);
    if (ArrayBuffer.isView(value)) return this.#bytes(value);
    if (!this.#seen.has(value)) {
      this.#seen.add(value);
      changeInside(value, (_, one) => this.visit(one));
    }
    return value;
  }

  #known(value: unknown): unknown {
    const secret = this.#secrets.known(value);
    if (secret === undefined) return value;
    this.#onFound(secret);
    return markerOf(value);
  }

  #bytes(value: ArrayBufferView): unknown {
    const secret = this.#secrets.in(
      new Uint8Array(value.buffer, value.byteOffset, value.byteLength),
    );
    if (secret === undefined) return value;
    this.#onFound(secret);
    return markerOf(value);
  }
}
