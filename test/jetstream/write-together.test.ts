import type { NatsConnection } from "@nats-io/nats-core";
import { expect, test } from "vitest";
import { writeTogether } from "../../src/jetstream/write-together.ts";

/** Stands for a connection: what it would write, and when. */
class Transport {
  readonly writes: number[] = [];
  #waiting = 0;
  readonly outbound = { size: (): number => this.#waiting };

  send(bytes: number): void {
    this.#waiting += bytes;
    this.flushPending();
  }

  flushPending(): void {
    if (this.#waiting === 0) return;
    this.writes.push(this.#waiting);
    this.#waiting = 0;
  }
}

function connected(): Transport {
  const transport = new Transport();
  writeTogether({ protocol: transport } as unknown as NatsConnection);
  return transport;
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test("what is sent in one turn, in whatever microtask, leaves in one write", async () => {
  const transport = connected();
  transport.send(100);
  await Promise.resolve();
  transport.send(200);
  process.nextTick(() => transport.send(300));
  expect(transport.writes).toEqual([]);
  await turn();
  expect(transport.writes).toEqual([600]);
  transport.send(1);
  await turn();
  expect(transport.writes).toEqual([600, 1]);
});

test("what is much does not wait for the end of the turn, and leaves nothing to be written then", async () => {
  const transport = connected();
  transport.send(100);
  transport.send(65_536);
  expect(transport.writes).toEqual([65_636]);
  await turn();
  expect(transport.writes).toEqual([65_636]);
});

test("a connection of another make stays as it is", () => {
  const other = { publish: () => undefined };
  expect(() => writeTogether(other as unknown as NatsConnection)).not.toThrow();
});
