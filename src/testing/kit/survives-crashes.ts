import { inspect } from "node:util";
import type { Definition } from "../../definition/definition.ts";
import { chanceOf } from "../../engine/chance.ts";
import { lineOfFields } from "./event-pattern.ts";
import { CrashChangesRunError, CrashNotReachedError } from "./kit-errors.ts";
import { TestEngine, type TestEngineOptions } from "./test-engine.ts";
import type { TestRun } from "./test-run.ts";

/**
 * Checks that a flow ends alike whatever single crash happens: runs it once in peace, then once for each write of its worker with a
 * crash just before it, and once with one just after. Each time it must end as it did in peace, and its steps must have been called
 * with the same inputs: twice perhaps, since a step may always be repeated, but none that was not called in peace.
 *
 * @throws {@link CrashChangesRunError} for the first crash that makes a difference, and whatever `check` throws.
 */
export async function survivesCrashes<Input, Output, Wire>(
  flow: Definition<Input, Output, Wire>,
  input: NoInfer<Wire>,
  options: SurvivalOptions<Output> = {},
): Promise<SurvivalReport> {
  const { limit = DEFAULT_LIMIT, seed = 1, check } = options;
  const peace = await courseOf(flow, input, options);
  if (peace.stuck !== undefined) throw peace.stuck;
  if ("value" in peace) await check?.(peace.value as Output);
  const points = peace.writes.flatMap((write, at) =>
    (["before", "after"] as const).map((when) => ({ when, number: at + 1, write })),
  );
  let tried = 0;
  for (const point of sample(points, limit, seed)) {
    const { when, number, write } = point;
    const rough = await courseOf(flow, input, options, point);
    if (rough.crashes > 0) tried++;
    if (rough.text === peace.text) continue;
    const crash = `${when} write ${number} (${write})`;
    const told = `${flow.name} ends in another way when its worker crashes ${crash}.`;
    const sides = `In peace:\n${peace.text}\n\nWith the crash:\n${rough.text}`;
    const events = `\n\nWhat was recorded with the crash:\n${rough.events.join("\n")}`;
    throw new CrashChangesRunError(crash, `${told}\n\n${sides}${events}\n`, {
      actual: rough.text,
      expected: peace.text,
    });
  }
  return { crashes: points.length, tried };
}

export interface SurvivalOptions<Output> {
  /** What is served beside the flow, and how: see {@link TestEngine.start}. */
  readonly engine?: Partial<TestEngineOptions>;
  /** Prepares each engine: stand-ins, for example. */
  readonly prepare?: (engine: TestEngine) => void;
  /** What is done with each run once it is submitted: signals, for example. */
  readonly play?: (run: TestRun<Output>, engine: TestEngine) => unknown;
  /** Looks at the output of the course without a crash; the others' are the same. */
  readonly check?: (output: Output) => unknown;
  /** How many crashes are tried. Of more, as many are chosen by `seed`. Default 200. */
  readonly limit?: number;
  /** Default 1. */
  readonly seed?: number;
}

export interface SurvivalReport {
  /** How many single crashes there are. */
  readonly crashes: number;
  /** How many of them were tried: fewer than chosen where steps really wait, and write more or less the next time. */
  readonly tried: number;
}

interface CrashAt {
  readonly when: "before" | "after";
  readonly number: number;
}

interface Course {
  /** How it ended and what its steps did, to be compared. */
  readonly text: string;
  readonly value?: unknown;
  readonly stuck: Error | undefined;
  readonly writes: readonly string[];
  /** How often a worker died. */
  readonly crashes: number;
  readonly events: readonly string[];
}

async function courseOf<Input, Output, Wire>(
  flow: Definition<Input, Output, Wire>,
  input: NoInfer<Wire>,
  { engine: asked, ...given }: SurvivalOptions<Output>,
  crash?: CrashAt,
): Promise<Course> {
  const engine = await TestEngine.start({ ...asked, flows: [flow, ...(asked?.flows ?? [])] });
  try {
    return await playOn(engine, { flow, input, crash, ...given });
  } finally {
    // What is written may differ where steps really wait: then the crash may not come.
    await engine.stop().catch(unlessNotReached);
  }
}

async function playOn<Input, Output, Wire>(
  engine: TestEngine,
  { flow, input, prepare, play, crash }: Played<Input, Output, Wire>,
): Promise<Course> {
  prepare?.(engine);
  // All that the stand-ins need is served from now on: what is written for that does not count.
  await engine.advance(0);
  const before = engine.writes.length;
  if (crash !== undefined) engine.crashAtWrite(before + crash.number, crash.when);
  const submit = engine.submit.bind(engine) as unknown as Submit<Output>;
  const run = await submit(flow, input);
  const end = await endOf(run, () => play?.(run, engine));
  const writes = engine.writes.slice(before);
  const effects = engine.calls().map(({ idempotencyKey, name, input: given }) => {
    return `called ${name}(${given === undefined ? "" : shown(given)}) as ${idempotencyKey}`;
  });
  const text = [end.text, ...[...new Set(effects)].toSorted()].join("\n");
  return {
    ...end,
    text,
    writes,
    crashes: engine.crashes,
    events: (await run.events()).map(lineOfEvent),
  };
}

interface Played<Input, Output, Wire> extends Pick<SurvivalOptions<Output>, "prepare" | "play"> {
  readonly flow: Definition<Input, Output, Wire>;
  readonly input: Wire;
  readonly crash: CrashAt | undefined;
}

function unlessNotReached(error: unknown): void {
  if (!(error instanceof CrashNotReachedError)) throw error;
}

async function endOf<Output>(
  run: TestRun<Output>,
  play: () => unknown,
): Promise<{ readonly text: string; readonly value?: unknown; readonly stuck: Error | undefined }> {
  try {
    await play();
    const value = await run.result();
    return { text: `completed with ${shown(value)}`, value, stuck: undefined };
  } catch (error) {
    const { cause } = error as Error;
    const why = cause instanceof Error ? ` because of ${cause.toString()}` : "";
    const isStuck = (error as { readonly code?: unknown }).code === "TEST_STUCK";
    return { text: `${String(error)}${why}`, stuck: isStuck ? (error as Error) : undefined };
  }
}

type Submit<Output> = (definition: unknown, input: unknown) => Promise<TestRun<Output>>;

function lineOfEvent(event: { readonly type: string }, at: number): string {
  const { type, step, timer, name, child, reason, worker, epoch } = event as Readonly<
    Record<string, unknown>
  >;
  const about = { step, timer, name, child, reason, worker, epoch };
  const told = Object.entries(about).filter(([, value]) => value !== undefined);
  return `#${at + 1} ${lineOfFields({ type, ...Object.fromEntries(told) })}`;
}

function shown(value: unknown): string {
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY, depth: 8, sorted: true });
}

/** So many of them, chosen by the seed, in their order. */
function sample<T>(all: readonly T[], count: number, seed: number): readonly T[] {
  const chance = chanceOf(`crashes ${seed}`);
  const drawn = all.map((one, at) => ({ one, at, lot: chance() }));
  const chosen = drawn.toSorted((a, b) => a.lot - b.lot).slice(0, count);
  return chosen.toSorted((a, b) => a.at - b.at).map(({ one }) => one);
}

const DEFAULT_LIMIT = 200;
