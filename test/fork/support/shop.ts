import { pino } from "pino";
import { onTestFinished } from "vitest";
import { Millrace } from "../../../src/client/millrace.ts";
import { type AnyDefinition, flow, signal, task } from "../../../src/index.ts";
import { MemoryBroker, type MemoryBrokerOptions } from "../../../src/testing/memory-broker.ts";
import { serve } from "../../../src/worker/serve.ts";

export const paid = signal<number>("paid");

/** What the flows below did to the world, in order: `<run> <step>`. */
export interface Shop {
  readonly broker: MemoryBroker;
  readonly millrace: Millrace;
  readonly done: string[];
  /** The last step fails while it is set. */
  broken: boolean;
}

export interface Order {
  readonly cart: number;
}

/** A worker in memory that serves a flow which has something of everything. */
export async function openShop(
  more: readonly AnyDefinition[] = [],
  options: MemoryBrokerOptions = {},
): Promise<Shop> {
  const broker = new MemoryBroker(options);
  const millrace = new Millrace(broker.connect());
  const shop: Shop = { broker, millrace, done: [], broken: false };
  const worker = await serve([...orders(shop), ...more], {
    connection: new Millrace(broker.connect()),
    log: pino({ level: "silent" }),
  });
  onTestFinished(() => worker.drain());
  return shop;
}

function orders(shop: Shop): readonly AnyDefinition[] {
  const label = task("label", {}, async (size: number, { idempotencyKey }) => {
    shop.done.push(`label ${idempotencyKey.split("/")[0]}`);
    return `label of ${size} cm`;
  });
  const order = flow("order", {}, async (ctx, { cart }: Order) => {
    const did = (step: string): number => shop.done.push(`${ctx.runId} ${step}`);
    const weigh = await ctx.step("weigh", () => {
      did("weigh");
      return cart * 10;
    });
    const early = ctx.uuid();
    const child = await ctx.submit(label, 7);
    const price = await ctx.receive(paid);
    const text = await child.result();
    await ctx.sleep("2ms");
    const charge = await ctx.step("charge", ({ idempotencyKey }) => {
      did("charge");
      return `${price} by ${idempotencyKey}`;
    });
    const late = ctx.uuid();
    await ctx.step("ship", () => {
      did("ship");
      if (shop.broken) throw new Error("The van is broken");
    });
    return { weigh, early, price, text, label: child.id, charge, late };
  });
  return [order, label];
}

/** All that stands under a run's subjects, byte for byte. */
export function bytesOf({ broker }: Shop, key: string): readonly string[] {
  return broker
    .messages()
    .filter(({ subject }) => subject.endsWith(`.${key}`))
    .map(
      ({ subject, sequence, data }) =>
        `${sequence} ${subject} ${Buffer.from(data).toString("hex")}`,
    );
}
