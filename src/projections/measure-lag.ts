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
  let events = 0;
  let since: number | undefined;
  const options = { signal: over.signal, upTo: last };
  const unread = last <= after ? [] : feed.read(partition, after, options);
  for await (const batch of unread) {
    since ??= batch[0]?.storedAt;
    events += batch.length;
    if (events >= MOST) break;
  }
  over.abort();
  return { events, exact: events < MOST, since };
}

const MOST = 20_000;
