import { flow } from "../../../src/definition/flow.ts";
import type { Flow, FlowContext } from "../../../src/definition/flow-context.ts";
import type { StepInfo } from "../../../src/definition/task.ts";
import { FatalError } from "../../../src/engine/flow-errors.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { Node } from "./program.ts";

/** The program as a flow that a worker with this clock can serve. */
export function flowOf(program: Node, clock: Clock): Flow {
  return flow("program", { crashes: { limit: 1_000 } }, (ctx) => play(program, ctx, clock, ""));
}

/** Plays one node. `path` tells it from all others: whatever comes back is checked to be its own. */
async function play(node: Node, ctx: FlowContext, clock: Clock, path: string): Promise<unknown> {
  const here = `${path}/${node.type}`;
  const child = (body: Node, at: number | string, within = ctx): Promise<unknown> =>
    play(body, within, clock, `${here}${at}`);
  switch (node.type) {
    case "step":
      return playStep(node, ctx, clock, here);
    case "sleep":
      return ctx.sleep(node.ms);
    case "chance":
      return ctx[node.source]();
    case "throw":
      throw new TypeError(`thrown at ${here}`);
    case "sequence": {
      const outcomes: unknown[] = [];
      for (const [at, body] of node.nodes.entries()) outcomes.push(await child(body, at));
      return outcomes;
    }
    case "all":
      return Promise.all(node.nodes.map((body, at) => child(body, at)));
    case "race":
      return Promise.race(node.nodes.map(async (body, at) => ({ at, won: await child(body, at) })));
    case "settled": {
      const outcomes = await Promise.allSettled(node.nodes.map((body, at) => child(body, at)));
      return outcomes.map((outcome) =>
        outcome.status === "fulfilled" ? outcome.value : told(outcome.reason),
      );
    }
    case "each": {
      const items = Array.from({ length: node.items }, (_, item) => item);
      const { concurrency } = node;
      return ctx.all(items, (item) => child(node.body, item), { concurrency });
    }
    case "catch":
      try {
        return await child(node.body, "body");
      } catch (error) {
        return { caught: told(error), handled: await child(node.handler, "handler") };
      }
    case "nested":
      return ctx.run(flow("nested", (inner) => child(node.body, "", inner)));
  }
}

type StepNode = Extract<Node, { type: "step" }>;

async function playStep(
  node: StepNode,
  ctx: FlowContext,
  clock: Clock,
  here: string,
): Promise<unknown> {
  const work = async (info: StepInfo): Promise<{ path: string; attempt: number }> => {
    if (node.ms > 0) {
      await new Promise<void>((resolve) => {
        clock.after(node.ms, resolve);
      });
    }
    if (info.attempt > node.failures) return { path: here, attempt: info.attempt };
    if (node.fatal) throw new FatalError("FATAL_STEP", `${here} cannot work`);
    throw new RangeError(`${here} failed attempt ${info.attempt}`);
  };
  const retry = { attempts: node.attempts, delays: [20, 400] };
  const outcome = await ctx.step(node.name, work, { retry });
  if (outcome.path !== here) throw new FatalError("CROSSED", `${here} got ${outcome.path}`);
  return outcome;
}

function told(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
