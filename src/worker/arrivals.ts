/**
 * What a worker does with a message: section "A message arrives" of the run protocol (docs/protocol.md). The rules
 * themselves are in `engine/delivery-rules.ts`; this carries them out.
 *
 * - **I4** A message is acked only when what makes it unnecessary is durable: a closed head, a holder that will read its
 *   inbox, or a wake that names it.
 * - **I11** A message that cannot be understood is set aside where it can be seen, and blocks nobody.
 */
import type { AnyDefinition } from "../definition/definition.ts";
import { type DeliveryDecision, decideDelivery, speaksFor } from "../engine/delivery-rules.ts";
import { type Frame, isActive, isClosed } from "../engine/frame.ts";
import { openingFrame } from "../engine/opening-frame.ts";
import { putWake } from "../history/put-wake.ts";
import { type RunHead, readSureHead } from "../history/run-head.ts";
import { tellIfClosed } from "../history/tell-closed.ts";
import type { Stored } from "../ports/run-log.ts";
import { encodeDeadLetter } from "../wire/dead-letter-codec.ts";
import { Activation } from "./activation.ts";
import type { ActivationHost } from "./activation-parts.ts";
import { appendFrame } from "./append-frame.ts";
import { type Arrived, readArrived } from "./arrived.ts";
import type { KeptMessage } from "./kept-message.ts";
import { LeaseLostError } from "./lease-lost-error.ts";
import { readRun } from "./read-run.ts";

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
    const arrived = readArrived(message.delivery);
    if (typeof arrived === "string") return this.#setAside(message, arrived);
    const definition = this.#host.definitions.get(run.flow);
    if (definition === undefined && queue !== run.flow) return this.#passOn(message, arrived);
    for (;;) {
      await this.#activating.get(run.id);
      if (this.#takenByHolder(message, arrived)) return;
      if (this.#host.draining) return message.giveBack();
      if (isSurelyNew(message, arrived)) {
        return this.#start(message, arrived, definition, { last: 0, inbox: undefined });
      }
      const { log } = this.#host.broker;
      const [head, inbox] = await Promise.all([
        readSureHead(log, run),
        // A client closes a run that has not started; a parent only asks it to stop, by its inbox.
        arrived.submission?.parent === undefined ? undefined : log.inbox(run, arrived.queue, 0),
      ]);
      if (this.#host.held.has(run.id) || this.#activating.has(run.id)) continue;
      const decision = decideDelivery(head.frame, arrived);
      if (decision === "activate") {
        if (await this.#activateAlone(message, arrived, definition, head)) return;
      } else if (decision === "start") {
        return this.#start(message, arrived, definition, { last: head.last, inbox });
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
        // Whoever takes the run up may end it by its first frame, and never look into its inbox.
        if (head === undefined && arrived.input?.type === "Watch") {
          return this.#host.later(message, WATCH_AGAIN_MS);
        }
        if (needsTelling(arrived, head)) await tellIfClosed(this.#host, message.delivery.run);
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
    const { run } = message.delivery;
    const replaces = [...arrived.replaces, arrived.sequence];
    const resume = arrived.resume;
    await putWake(this.#host, run, run.flow, { replaces, resume, queue: arrived.queue });
    message.ack();
  }

  /** A redelivered message never becomes a token: a late ack by whoever had it before would take it away. */
  async #exchange(message: KeptMessage, arrived: Arrived, head: Frame | undefined): Promise<void> {
    const { run, queue } = message.delivery;
    const active = head !== undefined && isActive(head.status) ? [head.token] : [];
    const replaces = [...new Set([...arrived.replaces, arrived.sequence, ...active])];
    const wake = { replaces, resume: arrived.resume, queue: arrived.queue };
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
    const { partition, run } = message.delivery;
    const { token, epoch, writer } = head;
    const mine = writer === this.#host.worker;
    const answer = mine
      ? "gone" // It is not in our table.
      : await this.#host.broker.peers.asks(writer, { run: run.id, partition, token, epoch });
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
    read: { readonly last: number; readonly inbox: readonly Stored[] | undefined },
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
        place: { prev: 0, last: read.last },
        inboxFolded: 0,
        annotated: 0,
        history: [],
        inbox: read.inbox,
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
    let taken: TakenUp = "superseded";
    try {
      taken = await this.#takeUp(message, arrived, definition, head);
    } finally {
      // An activation keeps the slot; whatever else came of it leaves the slot to others.
      if (!(taken instanceof Activation)) this.#host.slots.give();
    }
    if (taken === "superseded") return false;
    if (taken instanceof Activation) {
      taken.play();
      // The drain began meanwhile, and may have looked at what is held already.
      if (this.#host.draining) void taken.release();
    }
    return true;
  }

  async #takeUp(
    message: KeptMessage,
    arrived: Arrived,
    definition: AnyDefinition | undefined,
    head: RunHead,
  ): Promise<TakenUp> {
    const { broker, clock, draining, worker } = this.#host;
    const { run, sequence: token } = message.delivery;
    if (draining) {
      message.giveBack();
      return "settled";
    }
    const found = await readRun(broker.log, run, arrived, head);
    if (found === undefined) {
      await this.#setAside(message, "there is no submission of its run");
      return "settled";
    }
    const { submission } = found;
    const { resume } = arrived;
    const { flow } = run;
    const crashLimit = definition?.crashLimit;
    const version = definition?.kind === "flow" ? definition.version : "";
    const { queue } = submission;
    const by = { worker, flow, queue, token, resume, crashLimit, version, at: clock.now() };
    const frame = openingFrame(found, by);
    message.hold(frame.epoch);
    const prev = head.frame?.sequence ?? 0;
    const result = await appendFrame(this.#host, run, { prev, last: head.last }, frame);
    if (result.status !== "appended") {
      message.hold(0);
      if (result.status === "superseded") return "superseded";
      message.drop();
      return "settled";
    }
    if (!isActive(frame.status) || definition === undefined) {
      this.#tellEnd(run.id, frame, submission.replyTo, result.bytes);
      if (isClosed(frame.status)) await tellIfClosed(this.#host, run);
      message.ack();
      return "settled";
    }
    this.#host.held.get(run.id)?.lose(new LeaseLostError("It was taken up anew by this worker."));
    const place = { prev: result.sequence, last: result.sequence };
    const history = [...found.events, ...frame.events];
    const { epoch, inboxFolded, annotated } = frame;
    const { inbox } = found;
    const parts = { run, definition, submission, token: message, epoch, place, inboxFolded };
    const activation = new Activation(this.#host, { ...parts, annotated, history, inbox });
    this.#host.held.set(run.id, activation);
    return activation;
  }

  /** The run was closed or parked by taking it up. */
  #tellEnd(run: string, { status }: Pick<Frame, "status">, replyTo: string, bytes: Uint8Array) {
    const { log, broker } = this.#host;
    log.error({ run, status }, `Run ${status}: it was taken up, and must not go on`);
    if (status === "crashed" && replyTo !== "") broker.hints.send(replyTo, bytes);
  }
}

/**
 * True when somebody may wait in vain for a run that has ended: it asks only now, or the worker that closed the run died
 * before it had told (I5).
 */
function needsTelling(arrived: Arrived, head: Frame | undefined): boolean {
  if (head === undefined || !isClosed(head.status)) return false;
  return arrived.input?.type === "Watch" || speaksFor(arrived, head.token);
}

/**
 * True when nobody can have started the run. A key that the user gave may stand in two queues, and only the queue of the
 * flow's own name is where it stands by default: elsewhere a look at the head comes first.
 */
function isSurelyNew({ delivery }: KeptMessage, { submission }: Arrived): boolean {
  if (submission === undefined || !delivery.fresh) return false;
  return submission.isKeyNew || delivery.queue === delivery.run.flow;
}

/** What came of taking a run up: it is held now, its message is settled, or somebody else was faster. */
type TakenUp = Activation | "settled" | "superseded";

/** A run that is not taken up yet, and that somebody waits for. */
const WATCH_AGAIN_MS = 2_000;
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
