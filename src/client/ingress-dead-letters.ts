import { BrokerError } from "../engine/usage-errors.ts";
import { BusSubjects } from "../wire/bus-subjects.ts";
import type { IngressContent, IngressLetter } from "../wire/ingress-letter-codec.ts";
import { DeadLetterNotFoundError, DeadLetterNotReplayableError } from "./dead-letter-errors.ts";
import {
  type DeadLetterDetails,
  type DeadLetterView,
  type DeadMessage,
  type FoundLetter,
  previewOf,
} from "./dead-letter-view.ts";
import {
  IngressLetters,
  type LettersHost,
  type ReplayChanges,
  type StoredIngressLetter,
} from "./ingress-letters.ts";

/** Letters about messages of the ingress as they are shown and seen to: `ingress/<sequence>`. */
export class IngressDeadLetters {
  readonly #letters: IngressLetters;
  readonly #subjects: BusSubjects;

  constructor(host: LettersHost) {
    this.#letters = new IngressLetters(host);
    this.#subjects = new BusSubjects(host.broker.log.namespace);
  }

  /** What is there now, to be read back page by page. */
  async open(): Promise<{
    /** At most so many of the newest whose sequence is lower, in order. */
    newest(limit: number, before?: number): Promise<readonly FoundLetter[]>;
  }> {
    const sequences = await this.#letters.sequences();
    return {
      newest: async (limit, before = Number.POSITIVE_INFINITY) => {
        const page = sequences.filter((sequence) => sequence < before).slice(0, limit);
        const found: FoundLetter[] = [];
        // Some at once, or a page takes as long as all its look-ups.
        for (let at = 0; at < page.length; at += AT_ONCE) {
          const some = page.slice(at, at + AT_ONCE);
          const letters = await Promise.all(some.map((sequence) => this.#letters.read(sequence)));
          for (const [index, stored] of letters.entries()) {
            const sequence = some[index];
            if (stored === undefined || sequence === undefined) continue;
            found.unshift({ place: "ingress", sequence, view: viewOf(sequence, stored.letter) });
          }
        }
        return found;
      },
    };
  }

  /** @throws {@link DeadLetterNotFoundError}, {@link BrokerError} */
  async show(id: string): Promise<DeadLetterDetails> {
    const { sequence, letter } = await this.#read(id);
    const view = viewOf(sequence, letter);
    const content = await this.#contentOf(letter);
    if (content === undefined) return { ...view, message: undefined };
    return { ...view, message: this.#messageOf(letter, content) };
  }

  /** @throws {@link DeadLetterNotReplayableError}, {@link DeadLetterNotFoundError}, {@link BrokerError} */
  async replay(id: string, changes: ReplayChanges): Promise<DeadLetterView> {
    const { sequence, ...stored } = await this.#read(id);
    const { letter } = stored;
    if (letter.resolved !== undefined) {
      const when = new Date(letter.resolved.at).toISOString();
      const reason = `it was ${letter.resolved.as} at ${when}`;
      throw new DeadLetterNotReplayableError(id, reason, "There is nothing to do.");
    }
    const kind = this.#subjects.ingressPlace(letter.subject)?.kind;
    if (kind !== "submit" && kind !== "signal" && kind !== "cancel") {
      throw new DeadLetterNotReplayableError(id, "nothing of Millrace stands on its subject", DROP);
    }
    const content = await this.#contentOf(letter);
    if (content === undefined) {
      throw new DeadLetterNotReplayableError(id, "its body was not kept", DROP);
    }
    // Published first: a crash between the two makes it be published again, as the same piece of work.
    await this.#letters.publishAgain(letter, content, changes);
    return this.#resolve(id, sequence, stored, "replayed");
  }

  /** @throws {@link DeadLetterNotFoundError}, {@link BrokerError} */
  async drop(id: string): Promise<DeadLetterView> {
    const { sequence, ...stored } = await this.#read(id);
    return this.#resolve(id, sequence, stored, "dropped");
  }

  /** The first who resolves it says as what. */
  async #resolve(
    id: string,
    sequence: number,
    first: StoredIngressLetter,
    as: "replayed" | "dropped",
  ): Promise<DeadLetterView> {
    let stored: StoredIngressLetter | undefined = first;
    for (let tries = 0; tries < MAX_TRIES && stored !== undefined; tries++) {
      if (stored.letter.resolved !== undefined) return viewOf(sequence, stored.letter);
      const resolved = await this.#letters.resolve(stored, as);
      if (resolved !== undefined) return viewOf(sequence, resolved);
      stored = await this.#letters.read(sequence);
    }
    throw new BrokerError(`It is not known whether dead letter ${id} was marked. Do it again.`);
  }

  async #read(id: string): Promise<StoredIngressLetter & { readonly sequence: number }> {
    const [, text] = /^ingress\/(\d{1,15})$/.exec(id) ?? [];
    const sequence = Number(text);
    const stored = text === undefined ? undefined : await this.#letters.read(sequence);
    if (stored === undefined) throw new DeadLetterNotFoundError(id);
    return { ...stored, sequence };
  }

  async #contentOf(letter: IngressLetter): Promise<IngressContent | undefined> {
    return letter.message.encoding === "binary" ? this.#letters.content(letter) : undefined;
  }

  #messageOf(letter: IngressLetter, content: IngressContent): DeadMessage {
    const { body } = content;
    const place = this.#subjects.ingressPlace(letter.subject);
    const shown = bodyOf(body);
    return {
      kind: place?.kind ?? letter.subject.split(".")[2] ?? "",
      runId: this.#letters.runIdOf(letter, content),
      ...previewOf(body),
      content: {
        headers: Object.fromEntries(content.headers),
        ...(shown === undefined ? {} : { body: shown }),
      },
      trouble: undefined,
    };
  }
}

/** JSON as what it says, other text as it is. Bytes are shown otherwise. */
function bodyOf(body: Uint8Array): unknown {
  if (body.length === 0 || body.length > MAX_SHOWN) return undefined;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function viewOf(
  sequence: number,
  { subject, reason, at, resolved }: IngressLetter,
): DeadLetterView {
  return {
    id: `ingress/${sequence}`,
    partition: undefined,
    sequence,
    subject,
    reason,
    at: at === 0 ? undefined : new Date(at),
    state: resolved?.as ?? "open",
    resolvedAt: resolved === undefined ? undefined : new Date(resolved.at),
  };
}

const DROP = "If nobody needs it, drop it.";
const AT_ONCE = 64;
const MAX_SHOWN = 65_536;
const MAX_TRIES = 5;
