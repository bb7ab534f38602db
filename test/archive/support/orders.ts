import { pino } from "pino";
import { onTestFinished } from "vitest";
import { type AnyDefinition, flow, Millrace, serve, signal, task } from "../../../src/index.ts";
import type { Broker } from "../../../src/ports/broker.ts";
import { type Clock, systemClock } from "../../../src/ports/clock.ts";
import type { World } from "../../contract/support/adapters.ts";

/** A clock that is so far ahead that what ended just now ended long ago. */
export const AHEAD_MS = 86_400_000;
export const ahead: Clock = { ...systemClock, now: () => Date.now() + AHEAD_MS };

export const paid = signal<number>("paid");

/** What the definitions below did, by run. */
export interface Effects {
  readonly done: string[];
  /** The last step fails while it is set. */
  broken: boolean;
}

/** A flow that has something of everything, and fails at its last step as long as it is to. */
export function orders(effects: Effects): readonly AnyDefinition[] {
  const label = task("label", {}, async (size: number) => `label of ${size} cm`);
  const order = flow("order", {}, async (ctx, input: { readonly cart: number }) => {
    ctx.tag("kind:test");
    ctx.progress(1, 3, "begun");
    ctx.expose("cart", input.cart);
    const first = await ctx.step("weigh", () => {
      effects.done.push(`weigh ${ctx.runId}`);
      return { grams: input.cart * 10, note: "x".repeat(100) };
    });
    const price = await ctx.receive(paid);
    const child = await ctx.submit(label, 7);
    const text = await child.result();
    await ctx.sleep("5ms");
    const last = await ctx.step("ship", () => {
      effects.done.push(`ship ${ctx.runId}`);
      if (effects.broken) throw new Error("The van is broken");
      return "shipped";
    });
    return { first, price, text, last };
  });
  // A run that waits for one that somebody else submitted.
  const waiting = flow("waiting", {}, (ctx, id: string) => ctx.attach(id).result());
  return [order, label, waiting];
}

/** Connections to a world that end with the test: one that is ahead of time, and a worker that is not. */
export async function openShop(world: World, effects: Effects): Promise<Shop> {
  const [now, later, working] = await Promise.all([
    world.connect(),
    world.connect(),
    world.connect(),
  ]);
  const worker = await serve(orders(effects), {
    connection: new Millrace(working),
    log: pino({ level: "silent" }),
  });
  onTestFinished(() => worker.drain());
  return { now: new Millrace(now), later: new Millrace(later, ahead), broker: later };
}

export interface Shop {
  readonly now: Millrace;
  /** A day later. */
  readonly later: Millrace;
  readonly broker: Broker;
}
