import type { EventFeed } from "../ports/event-feed.ts";

/** How far a view is behind a partition, counted by reading what it has not read. */
export interface MeasuredLag {
  readonly events: number;
  /** False: there are at least so many. */
  readonly exact: boolean;
  /** When the first of them was stored, in milliseconds since 1970, the broker's clock; nothing when there is none. */
  readonly since: number | undefined;
}

/** Counts the messages after a sequence, up to {@link MOST}: sequences alone do not say how many there are. */
export async function measureLag(
  feed: EventFeed,
  partition: number,
  after: number,
): Promise<MeasuredLag> {
  const { last } = await feed.extent(partition);
  const over = new AbortController();
  let quiet = setTimeout(() => over.abort(), FIRST_MS);
  let events = 0;
  let since: number | undefined;
  try {
    if (last <= after) return { events, exact: true, since };
    for await (const batch of feed.read(partition, after, { signal: over.signal })) {
      clearTimeout(quiet);
      since ??= batch[0]?.storedAt;
      events += batch.length;
      if (events >= MOST || (batch.at(-1)?.sequence ?? 0) >= last) break;
      quiet = setTimeout(() => over.abort(), QUIET_MS);
    }
  } finally {
    clearTimeout(quiet);
    over.abort();
  }
  return { events, exact: events < MOST, since };
}

const MOST = 20_000;
/** What stands at the end of a stream may be nothing that is fed: then nothing comes. */
const FIRST_MS = 1_000;
const QUIET_MS = 300;
