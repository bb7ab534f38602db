import type { RunOrder } from "../../engine/run-query.ts";
import { InvalidCursorError } from "./store-errors.ts";

/** Where a page has ended: the last row's times and number, in the view of this generation. */
export interface Cursor {
  readonly order: RunOrder;
  readonly generation: number;
  /** The one that the order is by. */
  readonly time: number;
  readonly submitted: number;
  readonly run: number;
}

/** As text that means nothing to anybody else. */
export function formatCursor({ order, generation, time, submitted, run }: Cursor): string {
  const parts = [FORMAT, order.by, order.direction, generation, time, submitted, run];
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/** @throws {@link InvalidCursorError} */
export function parseCursor(text: string, order: RunOrder): Cursor {
  const [format, by, direction, generation, time, submitted, run, ...more] = partsOf(text);
  if (format !== FORMAT || more.length > 0)
    throw new InvalidCursorError("it is none of this store");
  if (by !== order.by || direction !== order.direction) {
    throw new InvalidCursorError("it was given for another order");
  }
  if (!isCount(generation) || !isCount(time) || !isCount(submitted) || !isCount(run)) {
    throw new InvalidCursorError("it is none of this store");
  }
  const cursor = { order, generation, time, submitted, run };
  if (formatCursor(cursor) !== text) throw new InvalidCursorError("it is none of this store");
  return cursor;
}

const FORMAT = 1;
/** Longer than any cursor. */
const MAX_LENGTH = 256;

function partsOf(text: string): readonly unknown[] {
  if (text.length > MAX_LENGTH || !/^[\w-]+$/.test(text)) return [];
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
