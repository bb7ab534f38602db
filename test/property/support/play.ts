import { createHash } from "node:crypto";
import { flow } from "../../../src/definition/flow.ts";
import type { Flow, FlowContext } from "../../../src/definition/flow-context.ts";
import { type Signal, signal } from "../../../src/definition/signal.ts";
import { type StepInfo, task } from "../../../src/definition/task.ts";
import { FatalError } from "../../../src/engine/flow-errors.ts";
import { RunFailedError } from "../../../src/engine/run-errors.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { ChildNode, Node, SignalName, StepNode } from "./program.ts";

/** The run that `attach` nodes wait for. */
export const SHARED = { flow: "child", key: "shared" } as const;

/** What one execution of a run's function received, in order: a replay is an execution of its own. */
export interface Observed {
  readonly runId: string;
  readonly received: { readonly signal: SignalName; readonly value: number }[];
}

/** The program as flows that a worker with this clock can serve. */
export function flowsOf(
  program: Node,
  clock: Clock,
  observe: (observed: Observed) => void = () => undefined,
  did: (idempotencyKey: string) => void = () => undefined,
): readonly [Flow<undefined>, Flow<Part>] {
  const start = (ctx: FlowContext, node: Node, path: string): Promise<unknown> => {
    const observed: Observed = { runId: ctx.runId, received: [] };
    observe(observed);
    return play(node, { ctx, clock, observed, did, saga: undefined }, path);
  };
  const crashes = { limit: 1_000 };
  return [
    flow("program", { crashes }, (ctx) => start(ctx, program, "")),
    flow<Part>("child", { crashes }, (ctx, { node, path }) => start(ctx, node, path)),
  ];
}

/** The signal of this name; its values are numbers. */
export function signalOf(name: SignalName): Signal<number> {
  return signal<number>(name);
}

/** What a child run is given: a part of the program, and where it stands. */
export interface Part {
  readonly node: Node;
  readonly path: string;
}

interface Stage {
  readonly ctx: FlowContext;
  readonly clock: Clock;
  readonly observed: Observed;
  /** Told of each execution of a step. */
  readonly did: (idempotencyKey: string) => void;
  /** Path of the saga that this is in. */
  readonly saga: string | undefined;
}

/** Plays one node. `path` tells it from all others: whatever comes back is checked to be its own. */
async function play(node: Node, stage: Stage, path: string): Promise<unknown> {
  const { ctx } = stage;
  const here = `${path}/${node.type}`;
  const part = (body: Node, at: number | string, within: Partial<Stage> = {}): Promise<unknown> =>
    play(body, { ...stage, ...within }, `${here}${at}`);
  switch (node.type) {
    case "step":
      return playStep(node, stage, here);
    case "sleep":
      return ctx.sleep(node.ms);
    case "chance":
      return ctx[node.source]();
    case "note":
      return playNote(node.what, ctx, here);
    case "throw":
      throw new TypeError(`thrown at ${here}`);
    case "sequence": {
      const outcomes: unknown[] = [];
      for (const [at, body] of node.nodes.entries()) outcomes.push(await part(body, at));
      return outcomes;
    }
    case "all":
      return Promise.all(node.nodes.map((body, at) => part(body, at)));
    case "race":
      return Promise.race(node.nodes.map(async (body, at) => ({ at, won: await part(body, at) })));
    case "settled": {
      const outcomes = await Promise.allSettled(node.nodes.map((body, at) => part(body, at)));
      return outcomes.map((outcome) =>
        outcome.status === "fulfilled" ? outcome.value : told(outcome.reason),
      );
    }
    case "each": {
      const items = Array.from({ length: node.items }, (_, item) => item);
      const { concurrency } = node;
      return ctx.all(items, (item) => part(node.body, item), { concurrency });
    }
    case "catch":
      try {
        return await part(node.body, "body");
      } catch (error) {
        return { caught: told(error), handled: await part(node.handler, "handler") };
      }
    case "nested":
      return ctx.run(flow("nested", (inner) => part(node.body, "", { ctx: inner })));
    case "shield":
      return ctx.shield((inner) => part(node.body, "", { ctx: inner }));
    case "saga":
      return playSaga(node.body, stage, here);
    case "receive":
      return playReceive(node, stage);
    case "child":
      return playChild(node, ctx, here);
    case "attach": {
      const other = ctx.attach(`${SHARED.flow}:${SHARED.key}`);
      return { attached: await other.result() };
    }
  }
}

async function playStep(
  node: StepNode,
  { ctx, clock, did, saga }: Stage,
  here: string,
): Promise<unknown> {
  const work = async (info: StepInfo): Promise<{ path: string; attempt: number }> => {
    did(info.idempotencyKey);
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
  const compensate = (_output: unknown, _input: unknown, { attempt }: StepInfo): void => {
    if (attempt === 1) throw new RangeError(`${here} was not undone`);
  };
  const outcome = await (saga === undefined
    ? ctx.step(node.name, work, { retry })
    : ctx.run(
        task(`${saga}-${node.name}`, { retry, compensate }, (_: undefined, info) => work(info)),
      ));
  if (outcome.path !== here) throw new FatalError("CROSSED", `${here} got ${outcome.path}`);
  return outcome;
}

/** After a failed saga has been undone a step says so: whatever its steps did is undone before that (family of `UNDONE`). */
async function playSaga(body: Node, stage: Stage, here: string): Promise<unknown> {
  const id = `saga-${createHash("sha256").update(here).digest("hex").slice(0, 8)}`;
  try {
    return await stage.ctx.saga((ctx) => play(body, { ...stage, ctx, saga: id }, here));
  } catch (error) {
    await stage.ctx.shield((ctx) => ctx.step(`${id}${UNDONE}`, () => true));
    throw error;
  }
}

/** Ends the name of the step that follows a failed saga. */
export const UNDONE = "-undone";

function playNote(what: string, ctx: FlowContext, here: string): unknown {
  switch (what) {
    case "expose":
      return ctx.expose("here", here);
    case "progress":
      return ctx.progress(here.length, 100);
    case "tag":
      return ctx.tag(`at:${here.length % 5}`);
    default:
      // A run that began with this code passes everything by its new way.
      return ctx.patch("p");
  }
}

async function playReceive(
  { signal: name, timeoutMs }: Extract<Node, { type: "receive" }>,
  { ctx, observed }: Stage,
): Promise<unknown> {
  const timeout = timeoutMs === 0 ? {} : { timeout: timeoutMs };
  const value: number | undefined = await ctx.receive(signalOf(name), timeout);
  if (value === undefined) return { late: name };
  observed.received.push({ signal: name, value });
  return { received: name };
}

async function playChild(node: ChildNode, ctx: FlowContext, here: string): Promise<unknown> {
  const { body, onParentClose, delayMs, deadlineMs } = node;
  const child = await ctx.submit(
    "child",
    { node: body, path: here },
    {
      ...(onParentClose === "" ? {} : { onParentClose }),
      ...(delayMs === 0 ? {} : { delay: delayMs }),
      ...(deadlineMs === 0 ? {} : { deadline: deadlineMs }),
    },
  );
  if (node.use === "leave") return { left: here };
  if (node.use === "cancel") await child.cancel("by its parent");
  if (node.use === "later") await ctx.sleep(600);
  return { child: await child.result() };
}

/** An error as text in which no run id stands: those differ from run to run. */
function told(error: unknown): string {
  if (error instanceof RunFailedError) return `failed because of ${told(error.cause)}`;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return withoutIds(text);
}

/** Keys of children are 32 hex digits. */
export function withoutIds(text: string): string {
  return text.replaceAll(/program:[a-z0-9-]+|child:[a-f0-9]{32}/g, "a run");
}
