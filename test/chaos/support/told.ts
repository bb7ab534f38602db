/** A small log and ledger, told step by step: what the checks of chaos are shown. */
import type { Evidence, LoggedRun } from "../../../chaos/evidence.mjs";
import type { Entry, NewEntry } from "../../../chaos/ledger/entries.mjs";
import { type Expected, expectedOf, type Input } from "../../../chaos/load/model.mjs";
import type { FrameStatus, RecordedFrame } from "../../../dist/engine/frame.js";
import type { RunEventBody } from "../../../dist/engine/run-event.js";
import type { Submission } from "../../../dist/engine/submission.js";
import type { Stored } from "../../../dist/ports/run-log.js";
import { encodeInput } from "../../../dist/wire/input-codec.js";

const LEASE_MS = 1_000;

/** Tells a story in milliseconds since its beginning; `evidence` is what there is to see of it. */
export class Told {
  readonly #runs = new Map<string, ToldRun>();
  readonly #ledger: Entry[] = [];
  readonly #expected = new Map<string, Expected>();
  #sequence = 0;
  #token = 1_000;

  /** A run that was accepted and is to do this. */
  run(id: string, input: Input = { ops: [] }, stop?: object): ToldRun {
    for (const one of expectedOf({ id, input, stop })) this.#expected.set(one.id, one);
    return this.#begin(id);
  }

  /** One that another has submitted. */
  child(id: string): ToldRun {
    return this.#begin(id);
  }

  note(at: number, entry: NewEntry): this {
    this.#ledger.push({ n: this.#ledger.length + 1, at, ...entry });
    return this;
  }

  /** A worker's process, by the worker's id. */
  worker(id: string, pid: number): this {
    return this.note(0, { kind: "process", who: `worker-${pid}`, pid, id, build: "a" });
  }

  /** An execution of a step, in the ledger. */
  execution(
    run: string,
    step: string,
    [from, to]: readonly [number, number],
    { worker = "w1", attempt = 1, ...more }: Partial<Execution> = {},
  ): this {
    const about = { run, step, attempt, worker, execution: this.#ledger.length, ...more };
    return this.note(from, { kind: "start", ...about }).note(to, { kind: "end", ...about });
  }

  evidence(more: Partial<Evidence> = {}): Evidence {
    const runs = new Map([...this.#runs].map(([id, run]) => [id, run.logged]));
    return {
      runs,
      ledger: this.#ledger.toSorted((one, other) => one.at - other.at),
      expected: this.#expected,
      explained: new Map(),
      unacked: [],
      samples: [],
      deadLetters: [],
      views: { live: [], rebuilt: [] },
      leaseMs: LEASE_MS,
      ...more,
    };
  }

  #begin(id: string): ToldRun {
    const run = new ToldRun(
      id,
      () => ++this.#sequence,
      () => ++this.#token,
    );
    this.#runs.set(id, run);
    return run;
  }
}

interface Execution {
  readonly worker: string;
  readonly attempt: number;
  readonly undoes: string;
}

/** The history of a run. */
export class ToldRun {
  readonly logged: LoggedRun & {
    readonly frames: RecordedFrame[];
    readonly foreign: { sequence: number; reason: string }[];
    readonly inbox: Stored[];
    readonly submissions: Submission[];
    readonly storedAt: Map<number, number>;
    readonly consumers: Map<number, string>;
  };
  readonly #next: () => number;
  readonly #nextToken: () => number;
  /** The message that gives the right to the run: the submission, then wakes. */
  token: number;
  #epoch = 0;
  #writer = "";

  constructor(id: string, next: () => number, nextToken: () => number) {
    this.#next = next;
    this.#nextToken = nextToken;
    this.token = nextToken();
    const submissions = [{ runId: id } as Submission];
    const consumers = new Map([[this.token, "new-mixed"]]);
    const storedAt = new Map<number, number>();
    this.logged = { id, submissions, frames: [], foreign: [], inbox: [], storedAt, consumers };
  }

  /** A wake takes the place of its token. */
  woken(at: number): this {
    const body = { type: "Wake", replaces: [this.token], resume: false, queue: "mixed" } as const;
    this.token = this.#nextToken();
    const data = encodeInput({ inputId: `wake/${this.token}`, sentAt: at, body });
    this.logged.inbox.push({ subject: "", partition: 0, sequence: this.token, data });
    this.logged.storedAt.set(this.token, at);
    this.logged.consumers.set(this.token, "in-mixed");
    return this;
  }

  /** A worker takes it up, whose clock may be behind. */
  held(at: number, worker = "w1", behindMs = 0): this {
    const reason = this.#epoch === 0 ? "submitted" : "takeover";
    if (this.#epoch > 0) this.woken(at);
    this.#epoch++;
    this.#writer = worker;
    const activated = {
      at: at - behindMs,
      type: "Activated",
      epoch: this.#epoch,
      worker,
      token: this.token,
      reason,
      version: "",
    } as const;
    return this.frame(at, "running", activated);
  }

  /** Nobody has heard of the activation that comes now. */
  skipped(): this {
    this.#epoch++;
    return this;
  }

  frame(at: number, status: FrameStatus, ...bodies: readonly RunEventBody[]): this {
    const sequence = this.#next();
    this.logged.storedAt.set(sequence, at);
    this.logged.frames.push({
      sequence,
      prev: this.logged.frames.at(-1)?.sequence ?? 0,
      epoch: this.#epoch,
      writer: this.#writer,
      status,
      inboxFolded: 0,
      token: this.token,
      queue: "mixed",
      annotated: 0,
      events: bodies.map((body) => ({ at, ...body })),
    });
    return this;
  }

  /** The outcome of a step's attempt. */
  step(at: number, step: string, attempt = 1): this {
    const output = { encoding: "json", data: new Uint8Array() };
    return this.frame(at, "running", {
      type: "StepCompleted",
      step,
      attempt,
      startedAt: at,
      output,
    });
  }

  signal(at: number, value: number, inputId = `signal/number/${value}`): this {
    const sequence = this.#next();
    const payload = { encoding: "json", data: new TextEncoder().encode(JSON.stringify(value)) };
    const body = { type: "Signal", name: "number", payload } as const;
    const data = encodeInput({ inputId, sentAt: at, body });
    this.logged.inbox.push({ subject: "", partition: 0, sequence, data });
    return this.frame(at, "running", {
      type: "InputFolded",
      sequence,
      kind: "signal",
      name: "number",
    });
  }

  completed(at: number, output: unknown): this {
    const data = new TextEncoder().encode(JSON.stringify(output));
    return this.frame(at, "completed", { type: "Completed", output: { encoding: "json", data } });
  }
}
