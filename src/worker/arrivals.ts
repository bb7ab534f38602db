/**
 * What a worker does with a message: section "A message arrives" of the run protocol (docs/protocol.md). The rules
 * themselves are in `engine/delivery-rules.ts`; this carries them out.
 *
 * - **I4** A message is acked only when what makes it unnecessary is durable: a closed head, a holder that will read its
 *   inbox, or a wake that names it.
 * - **I11** A message that cannot be understood is set aside where it can be seen, and blocks nobody.
 */
import type { AnyDefinition } from "../definition/definition.ts";
import {
  type ArrivedMessage,
  type DeliveryDecision,
  decideDelivery,
  speaksFor,
} from "../engine/delivery-rules.ts";
import { type Frame, isActive, type RecordedFrame } from "../engine/frame.ts";
import type { RunEvent, RunEventBody } from "../engine/run-event.ts";
import { foldFrames } from "../engine/run-state.ts";
import type { Submission } from "../engine/submission.ts";
import { putWake } from "../history/put-wake.ts";
import { type RunHead, readHead } from "../history/run-head.ts";
import { readHistory } from "../history/run-history.ts";
import { encodeDeadLetter } from "../wire/dead-letter-codec.ts";
import { decodeInput } from "../wire/input-codec.ts";
import { decodeSubmission } from "../wire/submission-codec.ts";
import { Activation, type ActivationHost } from "./activation.ts";
import { appendFrame } from "./append-frame.ts";
import type { KeptMessage } from "./kept-message.ts";
import { LeaseLostError } from "./lease-lost-error.ts";

export class Arrivals {
  readonly #host: ArrivalHost;
  /** Runs that are being taken up: their other messages wait, or they would see a holder that is not in the table yet. */
  readonly #activating = new Map<string, Promise<unknown>>();

  constructor(host: ArrivalHost) {
    this.#host = host;
  }

  /** Sees a message through to the point where it is acked, given back, or in an activation's hands. */
  async receive(message: KeptMessage): Promise<void> {
    const { run, queue } = message.delivery;
    const arrived = this.#read(message);
    if (typeof arrived === "string") return this.#setAside(message, arrived);
    const definition = this.#host.definitions.get(run.flow);
    if (definition === undefined && queue !== run.flow) return this.#passOn(message, arrived);
    for (;;) {
      await this.#activating.get(run.id);
      if (this.#takenByHolder(message, arrived)) return;
      if (this.#host.draining) return message.giveBack();
      if (arrived.kind === "new" && message.delivery.fresh) {
        return this.#start(message, arrived, definition, 0);
      }
      const head = await readHead(this.#host.broker.log, run);
      if (this.#host.held.has(run.id)) continue;
      const decision = decideDelivery(head.frame, arrived);
      if (decision === "activate") {
        if (await this.#activateAlone(message, arrived, definition, head)) return;
      } else if (decision === "start") {
        return this.#start(message, arrived, definition, head.last);
      } else return this.#settle(decision, message, arrived, head.frame);
    }
  }

  /** True when this worker holds the run and keeps it: its activation has the message now. */
  #takenByHolder(message: KeptMessage, arrived: Arrived): boolean {
    const held = this.#host.held.get(message.delivery.run.id);
    if (held === undefined) return false;
    if (held.token === arrived.sequence && !arrived.redelivered) held.adopt(message);
    else if (!speaksFor(arrived, held.token)) held.handOver(message);
    else {
      held.lose(
        new LeaseLostError(
          "Its token was handed out again: the lease is lost. This worker drops it.",
        ),
      );
      return false;
    }
    return true;
  }

  async #settle(
    decision: Exclude<DeliveryDecision, "start" | "activate">,
    message: KeptMessage,
    arrived: Arrived,
    head: Frame | undefined,
  ): Promise<void> {
    switch (decision) {
      case "ack":
        return message.ack();
      case "exchange":
        return this.#exchange(message, arrived, head);
      case "ask":
        if (await this.#ask(message, arrived, head, "ack")) return;
        return this.#host.later(message, ASK_AGAIN_MS); // No answer is not a no.
      case "guard":
        if (await this.#ask(message, arrived, head, "keep")) return;
        return this.#host.later(message, GUARD_MS);
    }
  }

  #read(message: KeptMessage): Arrived | string {
    const { kind, run, sequence, redelivered, fresh, data } = message.delivery;
    const place = { sequence, redelivered, stale: !redelivered && !fresh };
    if (kind === "new") {
      const decoded = decodeSubmission(data);
      if (decoded.kind === "foreign") return decoded.reason;
      if (decoded.value.runId !== run.id)
        return `it says that it is for run ${decoded.value.runId}`;
      const submission = decoded.value;
      return { kind, ...place, replaces: [], resume: false, submission };
    }
    const decoded = decodeInput(data);
    if (decoded.kind === "foreign") return decoded.reason;
    const { replaces, resume, queue } = decoded.value.body;
    return { kind: "wake", ...place, replaces, resume, queue };
  }

  async #setAside(message: KeptMessage, reason: string): Promise<void> {
    const { subject, partition, sequence, data } = message.delivery;
    const letter = encodeDeadLetter({ subject, sequence, reason, at: this.#host.clock.now() });
    await this.#host.broker.log.setAside({ subject, partition, sequence, data }, letter);
    message.ack();
    this.#host.log.error(
      { subject, sequence, reason },
      "Message set aside: it cannot be understood",
    );
  }

  /** This worker does not know the flow: whoever serves it reads the queue of its name. */
  async #passOn(message: KeptMessage, arrived: Arrived): Promise<void> {
    const { run, queue } = message.delivery;
    const replaces = [...arrived.replaces, arrived.sequence];
    const resume = arrived.resume;
    await putWake(this.#host, run, run.flow, { replaces, resume, queue: queueOf(arrived, queue) });
    message.ack();
  }

  /** A redelivered message never becomes a token: a late ack by whoever had it before would take it away. */
  async #exchange(message: KeptMessage, arrived: Arrived, head: Frame | undefined): Promise<void> {
    const { run, queue } = message.delivery;
    const active = head !== undefined && isActive(head.status) ? [head.token] : [];
    const replaces = [...new Set([...arrived.replaces, arrived.sequence, ...active])];
    const wake = { replaces, resume: arrived.resume, queue: queueOf(arrived, queue) };
    await putWake(this.#host, run, queue, wake);
    message.ack();
  }

  /** Asks the run's holder. True when the message is settled. */
  async #ask(
    message: KeptMessage,
    arrived: Arrived,
    head: Frame | undefined,
    whenHeld: "ack" | "keep",
  ): Promise<boolean> {
    if (head === undefined) return false;
    const { partition } = message.delivery;
    const { token, epoch, writer } = head;
    const mine = writer === this.#host.worker;
    const answer = mine
      ? "gone" // It is not in our table.
      : await this.#host.broker.peers.asks(writer, { partition, token, epoch });
    if (answer === "unknown" || (answer === "held" && whenHeld === "keep")) return false;
    // The holder reads its inbox, or the wake replaces its token: either way this message has done its work.
    if (answer === "held") message.ack();
    else await this.#exchange(message, arrived, head);
    return true;
  }

  /** A run that has no frame yet. Nothing is written: the first frame's write is the fence. */
  #start(
    message: KeptMessage,
    arrived: Arrived,
    definition: AnyDefinition | undefined,
    last: number,
  ): void {
    const { run } = message.delivery;
    this.#host.slots.take("fresh", () => {
      const { submission } = arrived;
      if (this.#host.draining || submission === undefined || definition === undefined) {
        this.#host.slots.give();
        return message.giveBack();
      }
      if (this.#host.held.has(run.id)) {
        this.#host.slots.give();
        return this.#host.again(message);
      }
      const activation = new Activation(this.#host, {
        run,
        definition,
        submission,
        token: message,
        epoch: 1,
        place: { prev: 0, last },
        inboxFolded: 0,
        history: [],
      });
      this.#host.held.set(run.id, activation);
      activation.play();
    });
  }

  /** The run's other messages wait until it is known whether this one took it up. */
  async #activateAlone(
    message: KeptMessage,
    arrived: Arrived,
    definition: AnyDefinition | undefined,
    head: RunHead,
  ): Promise<boolean> {
    const { id } = message.delivery.run;
    const taken = this.#activate(message, arrived, definition, head);
    const known = taken.catch(() => false);
    this.#activating.set(id, known);
    try {
      return await taken;
    } finally {
      this.#activating.delete(id);
    }
  }

  /** Takes a run up from its history. False when somebody was faster: look again. */
  async #activate(
    message: KeptMessage,
    arrived: Arrived,
    definition: AnyDefinition | undefined,
    head: RunHead,
  ): Promise<boolean> {
    await new Promise<void>((resolve) => this.#host.slots.take("fresh", resolve));
    let activation: Activation | undefined;
    try {
      if (this.#host.draining) {
        message.giveBack();
        return true;
      }
      const found = await this.#readRun(message, arrived, head);
      if (typeof found === "string") {
        await this.#setAside(message, found);
        return true;
      }
      const frame = this.#openingFrame(message, arrived, definition, found);
      message.hold(frame.epoch);
      const { run } = message.delivery;
      const prev = head.frame?.sequence ?? 0;
      const result = await appendFrame(this.#host, run, { prev, last: head.last }, frame);
      if (result.status === "superseded" || this.#host.held.has(run.id)) {
        message.hold(0);
        return false;
      }
      if (result.status !== "appended") {
        message.drop();
        return true;
      }
      if (frame.status !== "running" || definition === undefined) {
        this.#host.log.error({ run: run.id, status: frame.status }, `Run ${frame.status}`);
        if (frame.status === "crashed" && found.submission.replyTo !== "") {
          this.#host.broker.hints.send(found.submission.replyTo, result.bytes);
        }
        message.ack();
        return true;
      }
      const { sequence } = result;
      activation = new Activation(this.#host, {
        run,
        definition,
        submission: found.submission,
        token: message,
        epoch: frame.epoch,
        place: { prev: sequence, last: sequence },
        inboxFolded: frame.inboxFolded,
        history: [...found.events, ...frame.events],
      });
      this.#host.held.set(run.id, activation);
      activation.play();
      return true;
    } finally {
      if (activation === undefined) this.#host.slots.give();
    }
  }

  /** All that is known of a run, or why it cannot be one. */
  async #readRun(
    message: KeptMessage,
    arrived: Arrived,
    head: RunHead,
  ): Promise<FoundRun | string> {
    const { log } = this.#host.broker;
    const { run, sequence } = message.delivery;
    const queue = head.frame?.queue ?? queueOf(arrived, message.delivery.queue);
    const folded = head.frame?.inboxFolded ?? 0;
    const [history, inbox, submission] = await Promise.all([
      head.frame === undefined ? undefined : readHistory(log, run, head.frame.sequence),
      log.inbox(run, queue, folded),
      arrived.submission ?? this.#readSubmission(message, queue),
    ]);
    if (submission === undefined) return "no submission with its run id can be read";
    const frames = history?.frames ?? [];
    // Wakes are all that an inbox holds: they are folded by naming the last one.
    const last = inbox.at(-1)?.sequence ?? 0;
    const own = arrived.kind === "new" ? 0 : sequence;
    return {
      head: head.frame,
      submission,
      frames,
      events: frames.flatMap((frame) => frame.events),
      inboxFolded: Math.max(folded, last, own),
    };
  }

  async #readSubmission(message: KeptMessage, queue: string): Promise<Submission | undefined> {
    const { log } = this.#host.broker;
    const { run } = message.delivery;
    const stored = (await log.submission(run, queue)) ?? (await log.submission(run));
    if (stored === undefined) return undefined;
    const decoded = decodeSubmission(stored.data);
    return decoded.kind === "ok" && decoded.value.runId === run.id ? decoded.value : undefined;
  }

  /** The frame that takes the run up: the fence. It closes or parks the run when it must not go on. */
  #openingFrame(
    message: KeptMessage,
    arrived: Arrived,
    definition: AnyDefinition | undefined,
    found: FoundRun,
  ): Omit<Frame, "prev"> {
    const { head, submission } = found;
    const at = this.#host.clock.now();
    const epoch = (head?.epoch ?? 0) + 1;
    const token = message.delivery.sequence;
    const crashed = head !== undefined && isActive(head.status);
    const reason = crashed ? "takeover" : reasonAfter(head, arrived);
    const events: RunEvent[] = [];
    const add = (body: RunEventBody): number => events.push({ ...body, at });
    add({ type: "Activated", epoch, worker: this.#host.worker, token, reason });
    if (reason === "resumed") add({ type: "Resumed", retry: failedStep(found.events) });
    const crashes = crashed ? (foldFrames(found.frames)?.crashes ?? 0) + 1 : 0;
    let status: Frame["status"] = "running";
    if (crashes > (definition?.crashLimit ?? Number.POSITIVE_INFINITY)) {
      add({ type: "Crashed", crashes });
      status = "crashed";
    } else if (definition === undefined) {
      const expected = `flow ${message.delivery.run.flow}`;
      add({
        type: "Parked",
        reason: "unknown-flow",
        expected,
        asked: "no such flow in this worker",
        step: "",
      });
      status = "parked";
    }
    const { inboxFolded } = found;
    return {
      epoch,
      writer: this.#host.worker,
      status,
      inboxFolded,
      token,
      queue: head?.queue ?? submission.queue,
      events,
    };
  }
}

/** After a question that nobody answered. */
const ASK_AGAIN_MS = 500;
/** How often a guarded token's holder is asked after. */
const GUARD_MS = 10_000;

/** What the arrivals need of their worker. */
export interface ArrivalHost extends ActivationHost {
  readonly definitions: ReadonlyMap<string, AnyDefinition>;
  readonly held: Map<string, Activation>;
  readonly draining: boolean;
  /** Looks at a message anew. */
  again(message: KeptMessage): void;
  /** The same after a while. The message stays kept meanwhile. */
  later(message: KeptMessage, ms: number): void;
}

/** A message with what its body says. */
interface Arrived extends ArrivedMessage {
  readonly submission?: Submission;
  readonly queue?: string;
}

interface FoundRun {
  readonly head: RecordedFrame | undefined;
  readonly submission: Submission;
  readonly frames: readonly RecordedFrame[];
  readonly events: readonly RunEvent[];
  readonly inboxFolded: number;
}

function queueOf(arrived: Arrived, fallback: string): string {
  const queue = arrived.submission?.queue ?? arrived.queue ?? "";
  return queue === "" ? fallback : queue;
}

function reasonAfter(
  head: Frame | undefined,
  arrived: Arrived,
): "submitted" | "released" | "woken" | "resumed" {
  if (head === undefined) return "submitted";
  if (
    arrived.resume &&
    (head.status === "parked" || head.status === "failed" || head.status === "crashed")
  )
    return "resumed";
  return head.status === "released" ? "released" : "woken";
}

/** The step whose failure closed the run: it gets a new try. */
function failedStep(events: readonly RunEvent[]): readonly string[] {
  const failed = events.findLast((event) => event.type === "Failed");
  return failed === undefined || failed.step === "" ? [] : [failed.step];
}
