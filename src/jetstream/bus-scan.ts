import type { Msg, NatsConnection } from "@nats-io/nats-core";
import { subjectCovers } from "../engine/subject-match.ts";
import { BrokerError, ConnectionClosedError } from "../engine/usage-errors.ts";
import type { BusMessage, ScanOptions } from "../ports/message-bus.ts";
import { headersOf, headersOfBlock } from "./bus-headers.ts";
import type { LeaderReads, RawMessage } from "./leader-reads.ts";
import type { Mux } from "./mux.ts";

/**
 * Reads a stream up to a sequence in batches, without a consumer: a work queue allows none beside its own. Any of the
 * stream's peers may answer, so what it does not have is asked of the leader.
 */
export async function* scanStream(
  parts: BusScanParts,
  upTo: number,
  options: ScanOptions,
): AsyncIterable<readonly BusMessage[]> {
  const { stream, leader } = parts;
  const { after = 0, since, filters, maxBatch = DEFAULT_BATCH } = options;
  const isWanted = wanting(filters);
  const only = filters?.length === 1 ? { next_by_subj: filters[0] } : {};
  let next = after + 1;
  if (since !== undefined) {
    const first = await leader.get(stream, { start_time: new Date(since).toISOString(), ...only });
    if (first === undefined) return;
    next = Math.max(next, first.seq);
  }
  while (next <= upTo) {
    const found = await readBatch(parts, { seq: next, batch: maxBatch, ...only });
    if (found.length === 0) {
      const message = await leader.get(stream, { seq: next, next_by_subj: ">", ...only });
      if (message === undefined) return;
      found.push(messageOf(stream, message));
    }
    next = (found.at(-1)?.sequence ?? next) + 1;
    const wanted = found.filter(({ sequence, subject }) => sequence <= upTo && isWanted(subject));
    if (wanted.length > 0) yield wanted;
  }
}

/** A message as the leader hands it out. */
export function messageOf(stream: string, raw: RawMessage): BusMessage {
  return {
    stream,
    sequence: raw.seq,
    subject: raw.subject,
    data: raw.data === undefined ? new Uint8Array() : Buffer.from(raw.data, "base64"),
    headers: headersOfBlock(Buffer.from(raw.hdrs ?? "", "base64")),
    storedAt: Date.parse(raw.time),
  };
}

export interface BusScanParts {
  readonly connection: NatsConnection;
  readonly mux: Mux;
  readonly leader: LeaderReads;
  readonly stream: string;
}

const DEFAULT_BATCH = 256;
/** A server drops the connection of a client that leaves more than 64 MiB unread. */
const BATCH_BYTES = 1_048_576;
/** Between two messages of a batch, and before the first. */
const SILENCE_MS = 5_000;
/** What the broker adds to a message that it read for us. */
const ADDED = new Set([
  "nats-stream",
  "nats-subject",
  "nats-sequence",
  "nats-time-stamp",
  "nats-num-pending",
  "nats-last-sequence",
]);

function wanting(filters: readonly string[] | undefined): (subject: string) => boolean {
  if (filters === undefined) return () => true;
  return (subject) => filters.some((filter) => subjectCovers(filter, subject));
}

/** What one request gives; nothing when there is no more, or this stream allows no such reads. */
function readBatch(parts: BusScanParts, query: object): Promise<BusMessage[]> {
  const { connection, mux, stream } = parts;
  const found: BusMessage[] = [];
  return new Promise((resolve, reject) => {
    const end = (error?: Error): void => {
      clearTimeout(timer);
      answers.close();
      if (error === undefined) resolve(found);
      else reject(error);
    };
    const answers = mux.open((message) => {
      const code = message.headers?.code ?? 0;
      if (code !== 0) return end(ENDINGS.has(code) ? undefined : refusal(message));
      found.push(readMessage(stream, message));
      timer.refresh();
    });
    const timer = setTimeout(() => {
      const isOver = connection.isClosed() || connection.isDraining();
      end(isOver ? new ConnectionClosedError("a scan") : new BrokerError(SILENT));
    }, SILENCE_MS);
    try {
      const request = JSON.stringify({ ...query, max_bytes: BATCH_BYTES });
      connection.publish(`$JS.API.DIRECT.GET.${stream}`, request, { reply: answers.subject });
    } catch {
      end(new ConnectionClosedError("a scan"));
    }
  });
}

/** The batch is over; there is no such message; nobody answers direct reads of this stream. */
const ENDINGS = new Set([204, 404, 503]);
const SILENT = `No answer to a scan within ${SILENCE_MS} ms.`;

function refusal({ headers }: Msg): BrokerError {
  return new BrokerError(`A scan failed: ${headers?.code} ${headers?.description}`);
}

function readMessage(stream: string, { headers, data }: Msg): BusMessage {
  return {
    stream,
    // The last ones are the broker's: whoever stored the message may have given it headers of the same names.
    sequence: Number(headers?.last("Nats-Sequence")),
    subject: headers?.last("Nats-Subject") ?? "",
    data,
    headers: headersOf(headers, ADDED),
    storedAt: Date.parse(headers?.last("Nats-Time-Stamp") ?? ""),
  };
}
