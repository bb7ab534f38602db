import { ControlLease } from "../../client/control-lease.ts";
import { declareTriggers } from "../../client/declare-triggers.ts";
import { Rounds } from "../../client/rounds.ts";
import { isStateless } from "../../engine/trigger-shapes/shape-of.ts";
import { compileTrigger } from "../../expressions/compiled-trigger.ts";
import { decodeTrigger, TRIGGERS } from "../../wire/trigger-codec.ts";
import type { AutomationHost, AutomationPart } from "../automation-host.ts";
import type { ActiveTrigger, TriggerRunner } from "./active-trigger.ts";
import { Brakes } from "./brakes.ts";
import { EachRunner } from "./each-runner.ts";
import { Firings } from "./firings.ts";
import { ShapedRunner } from "./shaped-runner.ts";
import { forgetPlace, places, placeTrigger } from "./trigger-place.ts";
import { StatsBook } from "./trigger-stats.ts";

/**
 * Acts on the triggers of the namespace, whoever declared them: reads their records every few seconds and keeps a runner for each
 * that is not paused. Resolves when those that are there are read for.
 */
export async function startTriggers(host: AutomationHost): Promise<AutomationPart> {
  const board = new TriggerBoard(host);
  await board.declare();
  await board.start();
  return board;
}

class TriggerBoard implements AutomationPart {
  readonly #host: AutomationHost;
  readonly #stats: StatsBook;
  readonly #brakes: Brakes;
  readonly #runnerHost: ConstructorParameters<typeof ShapedRunner>[0];
  readonly #running = new Map<string, Running>();
  readonly #upkeep: ControlLease;
  #rounds: readonly Rounds[] = [];
  #looking: Promise<void> | undefined;

  constructor(host: AutomationHost) {
    const { millrace, clock, log, worker, definitions } = host;
    const { control } = millrace.broker;
    this.#host = host;
    this.#stats = new StatsBook(control, clock);
    const brakes = new Brakes(host, () => void this.#look().catch(() => undefined));
    this.#brakes = brakes;
    const firings = new Firings({ millrace, log, definitions, brakes, stats: this.#stats });
    this.#runnerHost = { millrace, clock, log, worker, firings, stats: this.#stats };
    const what = "triggers-upkeep";
    this.#upkeep = new ControlLease({ control, clock, what, holder: worker, ttlMs: UPKEEP_MS * 3 });
  }

  /** Writes the records of what the code beside this worker declares. */
  async declare(): Promise<void> {
    const { millrace, triggers } = this.#host;
    await declareTriggers(millrace.host, triggers);
  }

  async start(): Promise<void> {
    await this.#look();
    const { log } = this.#host;
    this.#rounds = [
      new Rounds(this.#host, "triggers", LOOK_MS, () => this.#look()),
      new Rounds(this.#host, "trigger counts", STATS_MS, () => this.#stats.flush()),
      new Rounds(this.#host, "removed triggers", UPKEEP_MS, () => this.#forgetRemoved()),
    ];
    log.debug({ triggers: this.#running.size }, "Triggers are read for");
  }

  async stop(): Promise<void> {
    await Promise.all(this.#rounds.map((rounds) => rounds.stop()));
    // Whoever drains has nothing to do with a look or a count that the broker did not answer.
    await this.#looking?.catch(() => undefined);
    await Promise.all([...this.#running.values()].map(({ runner }) => runner.stop()));
    this.#running.clear();
    await this.#stats.flush().catch(() => undefined);
    await this.#upkeep.release().catch(() => undefined); // Then it runs out.
  }

  /** One look at a time, and one after each time that somebody asks for one. */
  #look(): Promise<void> {
    const look = (this.#looking ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => this.#compare());
    this.#looking = look;
    return look;
  }

  async #compare(): Promise<void> {
    const { control } = this.#host.millrace.broker;
    const wanted = new Map<string, ActiveTrigger>();
    for (const { key, data } of await control.list(TRIGGERS)) {
      const decoded = decodeTrigger(data);
      if (decoded.kind !== "ok" || decoded.value.paused !== undefined) continue;
      const record = decoded.value;
      const name = key.slice(TRIGGERS.length + 1);
      const running = this.#running.get(name);
      // Compiled once for each version.
      const isSame = running !== undefined && running.version === versionOf(record);
      const trigger = isSame ? running.trigger : this.#compiled(name, record);
      if (trigger !== undefined) wanted.set(name, trigger);
    }
    for (const [name, { trigger, runner }] of this.#running) {
      if (wanted.get(name) === trigger) continue;
      this.#running.delete(name);
      await runner.stop();
    }
    for (const trigger of wanted.values()) await this.#open(trigger);
  }

  #compiled(name: string, record: ActiveTrigger["record"]): ActiveTrigger | undefined {
    try {
      return { name, record, compiled: compileTrigger(record.spec) };
    } catch (error) {
      // A newer version may have written what this one cannot read: it is left to those who can.
      this.#host.log.error({ trigger: name, err: error }, `Trigger ${name} cannot be understood`);
      return undefined;
    }
  }

  async #open(trigger: ActiveTrigger): Promise<void> {
    const { name, record } = trigger;
    if (this.#running.has(name)) return;
    this.#brakes.released(name);
    try {
      const place = await placeTrigger(this.#host, trigger);
      if (isStateless(record.spec)) {
        const runner = new EachRunner(this.#runnerHost, trigger);
        await runner.start(place);
        this.#running.set(name, { trigger, runner, version: versionOf(record) });
      } else {
        const runner = new ShapedRunner(this.#runnerHost, trigger, place);
        this.#running.set(name, { trigger, runner, version: versionOf(record) });
      }
    } catch (error) {
      // Its stream may not be there yet: the others are read for all the same, and the next look tries again.
      if (error instanceof Error) this.#stats.failed(name, error);
      this.#host.log.warn({ trigger: name, err: error }, `Trigger ${name} cannot read its events`);
    }
  }

  async #forgetRemoved(): Promise<void> {
    if (!(await this.#upkeep.hold())) return;
    const { control } = this.#host.millrace.broker;
    for (const { name, record } of await places(this.#host)) {
      const trigger = await control.read(`${TRIGGERS}.${name}`);
      if (trigger !== undefined && decodeTrigger(trigger.data).kind === "ok") continue;
      await forgetPlace(this.#host, record);
    }
  }
}

interface Running {
  readonly trigger: ActiveTrigger;
  readonly runner: TriggerRunner;
  readonly version: string;
}

/** What makes a runner another one. A trigger that is removed and made again begins with version 1 once more. */
function versionOf({ version, createdAt }: ActiveTrigger["record"]): string {
  return `${createdAt}/${version}`;
}

const LOOK_MS = 2_000;
const STATS_MS = 5_000;
const UPKEEP_MS = 10_000;
