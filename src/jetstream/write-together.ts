import type { NatsConnection } from "@nats-io/nats-core";

/**
 * Has all that is sent in one turn of the event loop leave in one write. The transport writes at the end of each microtask
 * queue otherwise: a read that brings many answers leads to many small writes, and a write costs both processes more than
 * the message that is in it. Nothing waits for longer than for what the loop has to do anyhow, and what is much already
 * does not wait at all.
 *
 * The transport has no option for it. One of another make, without the method that is taken over, stays as it is.
 */
export function writeTogether(connection: NatsConnection): void {
  const { protocol } = connection as unknown as Partial<Writing>;
  if (typeof protocol?.flushPending !== "function") return;
  const write = protocol.flushPending.bind(protocol);
  let isDue = false;
  protocol.flushPending = () => {
    if (protocol.outbound.size() >= MUCH_BYTES) return write();
    if (isDue) return;
    isDue = true;
    setImmediate(() => {
      isDue = false;
      write();
    });
  };
}

const MUCH_BYTES = 65_536;

/** What is private to the connection's class. */
interface Writing {
  readonly protocol: {
    flushPending: () => void;
    readonly outbound: { size(): number };
  };
}
