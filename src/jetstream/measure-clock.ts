import type { NatsConnection } from "@nats-io/nats-core";
import type { ClockReport } from "./broker-report.ts";
import { streamInfo } from "./open-stream.ts";

/**
 * How far the broker's clock is from ours, from the quickest of a few answers: it was given half-way, more or less half
 * the round trip. A stream's leader tells its time; without a stream any server of the account does, if it is allowed to.
 */
export async function measureClock(
  connection: NatsConnection,
  stream: string | undefined,
): Promise<ClockReport | undefined> {
  let best: ClockReport | undefined;
  for (let sample = 0; sample < SAMPLES; sample++) {
    const asked = Date.now();
    const theirs = await brokerTime(connection, stream);
    const answered = Date.now();
    if (theirs === undefined || Number.isNaN(theirs)) return undefined;
    // Our own clock is read in whole milliseconds.
    const uncertaintyMs = (answered - asked) / 2 + 1;
    if (best !== undefined && best.uncertaintyMs <= uncertaintyMs) continue;
    best = { skewMs: Math.round(theirs - (asked + answered) / 2), uncertaintyMs };
  }
  return best;
}

const SAMPLES = 5;
const TIMEOUT_MS = 1_000;

async function brokerTime(
  connection: NatsConnection,
  stream: string | undefined,
): Promise<number | undefined> {
  if (stream !== undefined) {
    const info = await streamInfo(connection, stream);
    if (info?.ts !== undefined) return Date.parse(info.ts);
  }
  try {
    const subject = "$SYS.REQ.ACCOUNT.PING.STATZ";
    const answer = await connection.request(subject, "", { timeout: TIMEOUT_MS });
    return Date.parse(answer.json<{ readonly server: { readonly time: string } }>().server.time);
  } catch {
    return undefined;
  }
}
