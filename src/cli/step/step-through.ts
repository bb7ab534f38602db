import { detailsOf } from "../../client/run-details.ts";
import type { Replay, ReplayedCommand } from "../../debug/index.ts";
import {
  commandOf,
  type PlacedEvent,
  placedEvents,
  resolveAddress,
} from "../../history/resolve-address.ts";
import { placeText } from "../../worker/user-place.ts";
import { printable } from "../printable.ts";
import { eventLine } from "../render-event.ts";
import { renderRun } from "../render-run.ts";
import type { RunFromSource } from "../run-source.ts";
import type { Colors } from "../terminal.ts";
import { drawStep, type StepView } from "./draw-step.ts";
import { SourceLines } from "./source-lines.ts";
import type { StepScreen } from "./step-screen.ts";
import { press, type StepWalk, type WalkedRun, walkAt } from "./step-walk.ts";

/** What somebody walks through. */
export interface Walked {
  readonly source: RunFromSource;
  /** What its flow asked for in a replay, if there is code. */
  readonly replayed: Replay | undefined;
}

/** Lets somebody walk through a run until they quit, or the screen is closed. Nothing is asked of a broker. */
export async function stepThrough(
  walked: Walked,
  screen: Pick<StepScreen, "draw" | "next" | "size">,
  colors: Colors,
  at: number,
): Promise<void> {
  const events = placedEvents(walked.source.run.frames);
  const views = new StepViews(walked, events, colors);
  const run: WalkedRun = {
    lines: events.map((placed) => printable(lineOf(placed, colors))),
    find: (address) => resolveAddress(walked.source.run.frames, address).last.event,
  };
  let walk: StepWalk = walkAt(at);
  while (!walk.isOver) {
    screen.draw(drawStep(walk, await views.at(walk.at), screen.size, colors));
    const key = await screen.next();
    if (key === undefined) return;
    if (key !== "resize") walk = press(walk, key, run);
  }
}

class StepViews {
  readonly #walked: Walked;
  readonly #events: readonly PlacedEvent[];
  readonly #colors: Colors;
  readonly #sources = new SourceLines();

  constructor(walked: Walked, events: readonly PlacedEvent[], colors: Colors) {
    this.#walked = walked;
    this.#events = events;
    this.#colors = colors;
  }

  async at(number: number): Promise<StepView> {
    const { source, replayed } = this.#walked;
    const { run, payloads } = source;
    const { frames: _, ...details } = await detailsOf(run, payloads, { at: { event: number } });
    const placed = this.#events[number - 1];
    const asked = (replayed?.commands ?? []).filter((one) => one.askedAfter.event === number);
    return {
      run: run.submission.runId,
      events: this.#events.length,
      event: placed === undefined ? undefined : lineOf(placed, this.#colors),
      code: placed === undefined ? [] : this.#codeOf(placed),
      asks: [...asked.map((command) => askText(command)), ...this.#partsAt(number)],
      state: renderRun(details, this.#colors),
    };
  }

  /** The line that asked for what the event is about, and some around it. */
  #codeOf(placed: PlacedEvent): readonly string[] {
    const { replayed } = this.#walked;
    const id = commandOf(placed.event);
    const command = replayed?.commands.find(
      (one) => one.id === id || one.answeredBy?.place.event === placed.place.event,
    );
    if (command?.place === undefined) return [];
    const { file, line } = command.place;
    const lines = this.#sources.around(file, line, CONTEXT, this.#colors);
    return [this.#colors.cyan(printable(placeText(command.place))), ...lines];
  }

  #partsAt(number: number): readonly string[] {
    const parks = this.#walked.replayed?.parks;
    if (parks?.at.event !== number) return [];
    const { expected, asked } = parks.mismatch;
    const text = `The code parts from the history here: recorded is ${expected}, and it asks for ${asked}.`;
    return [this.#colors.red(printable(text))];
  }
}

/** Lines of code on each side. */
const CONTEXT = 2;

function lineOf(
  { event, place: { event: number, sequence, inFrame } }: PlacedEvent,
  colors: Colors,
) {
  return eventLine({ ...event, number, sequence, index: inFrame, epoch: 0 }, colors).trimStart();
}

function askText({ kind, id, topic, place }: ReplayedCommand): string {
  const what = topic === "" ? `${kind} ${id}` : `${kind} ${id} (${topic})`;
  return printable(`  ${what}${place === undefined ? "" : `  ${placeText(place)}`}`);
}
