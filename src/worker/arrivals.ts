/**
 * What a worker does with a message: section "A message arrives" of the run protocol (docs/protocol.md). The rules
 * themselves are in `engine/delivery-rules.ts`; this carries them out.
 *
 * - **I4** A message is acked only when what makes it unnecessary is durable: a closed head, a holder that will read its
 *   inbox, or a wake that names it.
 * - **I11** A message that cannot be understood is set aside where it can be seen, and blocks nobody.
 */
import type { AnyDefinition } from "../definition/definition.ts";
import { archivedIn } from "../engine/archived-event.ts";
import { type DeliveryDecision, decideDelivery, speaksFor } from "../engine/delivery-rules.ts";
import { ConcurrencyKeyError } from "../engine/flow-errors.ts";
import { type Frame, isActive, isClosed } from "../engine/frame.ts";
import { openingFrame } from "../engine/opening-frame.ts";
import { NORMAL_RANK } from "../engine/priority.ts";
import type { RunRef } from "../engine/run-id.ts";
import { FORKER, isForked, isImported, type Submission } from "../engine/submission.ts";
import { putWake } from "../history/put-wake.ts";
import { readSubmission } from "../history/read-submission.ts";
import { type RunHead, readSureHead } from "../history/run-head.ts";
import { tellIfClosed } from "../history/tell-closed.ts";
import type { RunLog, Stored } from "../ports/run-log.ts";
import type { DeliveryKind } from "../ports/work-queue.ts";
import { encodeDeadLetter } from "../wire/dead-letter-codec.ts";
import { encodeFrame } from "../wire/frame-codec.ts";
import { Activation } from "./activation.ts";
import type { ActivationHost } from "./activation-parts.ts";
import type { Admission, Permit } from "./admission.ts";
import { type AppendResult, appendFrame } from "./append-frame.ts";
import { type Arrived, readArrived } from "./arrived.ts";
import type { KeptMessage } from "./kept-message.ts";
import { type LimitedKey, limitedKey } from "./key-slots.ts";
import { LeaseLostError } from "./lease-lost-error.ts";
import { type ReadRun, readRun } from "./read-run.ts";

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
    const arrived = readArrived(message);
    if (typeof arrived === "string") return this.#setAside(message, arrived);
    // Its run had closed, and was told of, before it went to the archive. Fresh or not, there is nothing to start.
    if (arrived.submission?.archived !== undefined) return message.ack();
    // It is there to be looked at, also while its history is not there yet.
    if (arrived.submission?.imported !== undefined) return message.ack();
    const definition = this.#host.definitions.get(run.flow);
    if (definition === undefined && queue !== run.flow) return this.#passOn(message, arrived);
    const leave: Leave = { permit: undefined };
    try {
      while (!(await this.#see(message, asOfNow(message, arrived), definition, leave)));
    } finally {
      if (leave.permit !== undefined) this.#host.admission.giveBack(leave.permit);
    }
  }

  /** Looks once, and does what follows. False when the message is to be looked at anew. */
  async #see(
    message: KeptMessage,
    arrived: Arrived,
    definition: AnyDefinition | undefined,
    leave: Leave,
  ): Promise<boolean> {
    const { run } = message.delivery;
    const code = codeFor(definition, leave);
    await this.#whileTakenUp(message);
    if (this.#takenByHolder(message, arrived)) return true;
    if (this.#host.draining) {
      message.giveBack();
      return true;
    }
    if (this.#isSurelyNew(message, arrived)) {
      if (!this.#mayGoOn(arrived.queue, run.flow, definition, leave)) {
        return this.#admit(message, arrived, definition, undefined, leave);
      }
      this.#start(message, arrived, code, { last: 0, inbox: undefined }, used(leave));
      return true;
    }
    const { log } = this.#host.broker;
    const [head, inbox] = await Promise.all([
      readSureHead(log, run),
      // A client closes a run that has not started; a parent only asks it to stop, by its inbox.
      arrived.submission?.parent === undefined ? undefined : log.inbox(run, arrived.queue, 0),
    ]);
    if (this.#host.held.has(run.id) || this.#activating.has(run.id)) return false;
    const decision = decide(head.frame, arrived);
    if (decision !== "activate" && decision !== "start") {
      await this.#settle(decision, message, arrived, head.frame);
      return true;
    }
    if (!this.#mayGoOn(head.frame?.queue ?? arrived.queue, run.flow, definition, leave)) {
      return this.#admit(message, arrived, definition, head.frame, leave);
    }
    if (decision === "activate") {
      return this.#activateAlone(message, arrived, code, head, used(leave));
    }
    this.#start(message, arrived, code, { last: head.last, inbox }, used(leave));
    return true;
  }

  /** Another message of the run may be taking it up. */
  async #whileTakenUp({ delivery }: KeptMessage): Promise<void> {
    const { run, kind } = delivery;
    const other = this.#activating.get(run.id);
    if (other !== undefined) await this.#host.whileWaiting(kind, other);
  }

  /**
   * True when nobody can have started the run. A key that the user gave may stand in two queues, and only the queue of the
   * flow's own name is where it stands by default: elsewhere, and where priorities have their own places, a look at the head
   * comes first.
   */
  #isSurelyNew({ delivery, rank, aged }: KeptMessage, { submission }: Arrived): boolean {
    if (submission === undefined || aged || !delivery.fresh) return false;
    // Its history stands there already.
    if (isForked(submission)) return false;
    if (submission.isKeyNew) return true;
    const { queue, run } = delivery;
    return queue === run.flow && rank === NORMAL_RANK && !this.#host.admission.isSpread(queue);
  }

  /** True when nothing but this worker's own slots limits the run, or it has what limits it. */
  #mayGoOn(
    queue: string,
    flow: string,
    definition: AnyDefinition | undefined,
    { permit }: Leave,
  ): boolean {
    // What nobody here knows executes nothing: it is only set aside.
    if (permit !== undefined || definition === undefined) return true;
    return definition.concurrency === undefined && this.#host.admission.isOpen(queue, flow);
  }

  /** Waits for leave to go on with the run, its message kept. Then everything about it is looked at anew. */
  async #admit(
    message: KeptMessage,
    arrived: Arrived,
    definition: AnyDefinition | undefined,
    head: Frame | undefined,
    leave: Leave,
  ): Promise<false> {
    const { run, kind } = message.delivery;
    const queue = head?.queue ?? arrived.queue;
    const startAt = arrived.submission?.startAt ?? 0;
    const starts =
      head === undefined
        ? startAt <= this.#host.clock.now()
        : head.status === "scheduled" || head.events.at(-1)?.type === "Forked";
    const takesOver = head !== undefined && isActive(head.status);
    const admission = async (): Promise<Permit | undefined> => {
      const key = await this.#keyOf(run, queue, arrived, definition, leave);
      const { rank } = message;
      const onAged = (): void => message.age();
      return this.#host.admission.enter({ run, queue, starts, takesOver, key, rank, onAged });
    };
    leave.permit = await this.#host.whileWaiting(kind, admission());
    return false;
  }

  /** The key by which the run is limited. One that cannot be found out fails the run, which then needs no slot. */
  async #keyOf(
    run: RunRef,
    queue: string,
    arrived: Arrived,
    definition: AnyDefinition | undefined,
    leave: Leave,
  ): Promise<LimitedKey | undefined> {
    if (definition?.concurrency === undefined) return undefined;
    const submission =
      arrived.submission ?? (await readSubmission(this.#host.broker.log, run, queue));
    if (submission === undefined) return undefined; // It is set aside.
    try {
      const { payloads } = this.#host;
      return await limitedKey(definition, run.id, { payload: submission.input, payloads });
    } catch (error) {
      if (!(error instanceof ConcurrencyKeyError)) throw error; // It comes again after a lease.
      leave.failure = error;
      return undefined;
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
    decision: Exclude<Decision, "start" | "activate">,
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
        if (needsTelling(arrived, head)) {
          const { input } = arrived;
          const asker = input?.type === "Watch" ? { askedBy: input.runId } : {};
          await tellIfClosed(this.#host, message.delivery.run, asker);
        }
        return message.ack();
      case "refuse":
        return this.#setAside(
          message,
          "it asks to resume a run that is in the archive: restore it",
        );
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
    permit: Permit | undefined,
  ): void {
    const { run } = message.delivery;
    const { admission, slots } = this.#host;
    const start = (): void => {
      const { submission } = arrived;
      const giveBack = (): void =>
        permit === undefined ? slots.give() : admission.giveBack(permit);
      if (this.#host.draining || submission === undefined || definition === undefined) {
        giveBack();
        return message.giveBack();
      }
      if (this.#host.held.has(run.id)) {
        giveBack();
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
      admission.begin(activation, run.id, submission.queue, permit);
      activation.play();
    };
    if (permit === undefined) slots.take("fresh", start, message.rank);
    else start();
  }

  /** The run's other messages wait until it is known whether this one took it up. */
  async #activateAlone(
    message: KeptMessage,
    arrived: Arrived,
    definition: AnyDefinition | undefined,
    head: RunHead,
    permit: Permit | undefined,
  ): Promise<boolean> {
    const { id } = message.delivery.run;
    const taken = this.#activate(message, arrived, definition, head, permit);
    const known = taken.catch(() => false);
    this.#activating.set(id, known);
    try {
      return await taken;
    } finally {
      this.#activating.delete(id);
    }
  }

  /** Whoever waits for a slot keeps none of the inputs waiting that need none, such as a request to stop. */
  async #slot({ delivery }: KeptMessage): Promise<void> {
    const { slots } = this.#host;
    const isFree = slots.free > 0;
    const slot = new Promise<void>((resolve) => slots.take("fresh", resolve));
    await (isFree ? slot : this.#host.whileWaiting(delivery.kind, slot));
  }

  /** Takes a run up from its history. False when somebody was faster: look again. */
  async #activate(
    message: KeptMessage,
    arrived: Arrived,
    definition: AnyDefinition | undefined,
    head: RunHead,
    permit: Permit | undefined,
  ): Promise<boolean> {
    const { admission, slots } = this.#host;
    if (permit === undefined) await this.#slot(message);
    let taken: TakenUp = "superseded";
    try {
      taken = await this.#takeUp(message, arrived, definition, head, permit);
    } finally {
      // An activation keeps the slot; whatever else came of it leaves the slot to others.
      if (!(taken instanceof Activation)) {
        if (permit === undefined) slots.give();
        else admission.giveBack(permit, taken === "ended" ? "ended" : "unused");
      }
    }
    if (taken === "superseded") return false;
    if (taken instanceof Activation) {
      // The slot may have been freed by others, who thought that nobody would take the run up: wait for another one.
      const mayGoOn = permit === undefined || permit.isSure || (await admission.confirm(permit));
      taken.play();
      // The drain began meanwhile, and may have looked at what is held already.
      if (this.#host.draining || !mayGoOn) void taken.release();
    }
    return true;
  }

  async #takeUp(
    message: KeptMessage,
    arrived: Arrived,
    definition: AnyDefinition | undefined,
    head: RunHead,
    permit: Permit | undefined,
  ): Promise<TakenUp> {
    const { broker, clock, draining, worker } = this.#host;
    const { run, sequence: token } = message.delivery;
    if (draining) {
      message.giveBack();
      return "settled";
    }
    const found = await this.#found(message, arrived, head);
    if (typeof found === "string") return found;
    const { submission, isStray } = found;
    const { resume } = arrived;
    const { flow } = run;
    const crashLimit = definition?.crashLimit;
    const version = definition?.kind === "flow" ? definition.version : "";
    const { queue } = submission;
    const by = { worker, flow, queue, token, resume, crashLimit, version, at: clock.now() };
    const frame = openingFrame(found, by);
    message.hold(frame.epoch);
    const prev = head.frame?.sequence ?? 0;
    const result = isStray
      ? await replaceCopy(broker.log, run, head.last, frame)
      : await appendFrame(this.#host, run, { prev, last: head.last }, frame);
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
      return "ended";
    }
    this.#host.held.get(run.id)?.lose(new LeaseLostError("It was taken up anew by this worker."));
    const place = { prev: result.sequence, last: result.sequence };
    const history = [...found.events, ...frame.events];
    const { epoch, inboxFolded, annotated } = frame;
    const { inbox } = found;
    const parts = { run, definition, submission, token: message, epoch, place, inboxFolded };
    const activation = new Activation(this.#host, { ...parts, annotated, history, inbox });
    this.#host.held.set(run.id, activation);
    this.#host.admission.begin(activation, run.id, queue, permit);
    return activation;
  }

  /** What there is of a run that is to be taken up. `isStray`: its head is the end of a copy that is not its history. */
  async #found(
    message: KeptMessage,
    arrived: Arrived,
    head: RunHead,
  ): Promise<(ReadRun & { readonly isStray: boolean }) | "settled" | "superseded"> {
    const { log } = this.#host.broker;
    const { run } = message.delivery;
    const read = await readRun(log, run, arrived, head);
    if (isBeingMade(read, head)) {
      message.ack();
      return "settled";
    }
    if (read === undefined) {
      await this.#setAside(message, "there is no submission of its run");
      return "settled";
    }
    // Somebody began to make a fork, and this run has got the key: it has nothing of that history.
    const isStray = isCopy(head) && !isCopyFor(read.submission, head);
    const found = isStray ? await readRun(log, run, arrived, NOTHING) : read;
    return found === undefined ? "superseded" : { ...found, isStray };
  }

  /** The run was closed or parked by taking it up. */
  #tellEnd(run: string, { status }: Pick<Frame, "status">, replyTo: string, bytes: Uint8Array) {
    const { log, broker } = this.#host;
    log.error({ run, status }, `Run ${status}: it was taken up, and must not go on`);
    if (status === "crashed" && replyTo !== "") broker.hints.send(replyTo, bytes);
  }
}

/**
 * True for a run that nobody is to start by this message: what starts a fork is its submission, which comes last; and nothing
 * starts an imported run, whose history may not be there yet.
 */
function isBeingMade(found: ReadRun | undefined, head: RunHead): boolean {
  return found === undefined ? isCopy(head) : found.submission.imported !== undefined;
}

/** True when the history is a copy of another run's, or a part of one, and nobody has taken it up. */
function isCopy({ frame }: RunHead): boolean {
  return frame?.writer.startsWith(FORKER) ?? false;
}

function isCopyFor({ origin }: Submission, { frame }: RunHead): boolean {
  return origin !== undefined && frame?.writer === `${FORKER}${origin.request}`;
}

/** Puts the first frame of a run in the place of a copy that is not its history, if that still ends there (I2). */
async function replaceCopy(
  log: RunLog,
  run: RunRef,
  last: number,
  frame: Omit<Frame, "prev">,
): Promise<Extract<AppendResult, { status: "appended" }> | { readonly status: "superseded" }> {
  const head = await log.head(run);
  if (head?.sequence !== last) return { status: "superseded" };
  const bytes = encodeFrame({ ...frame, prev: 0 });
  const outcome = await log.rollUp(head, bytes);
  if (outcome.status !== "written") return { status: "superseded" };
  return { status: "appended", sequence: outcome.sequence, bytes };
}

/** Where the history of a run ends that has none. */
const NOTHING: RunHead = { frame: undefined, last: 0 };

/**
 * True when somebody may wait in vain for a run that has ended: it asks only now, or the worker that closed the run died
 * before it had told (I5).
 */
function needsTelling(arrived: Arrived, head: Frame | undefined): boolean {
  if (head === undefined || !isClosed(head.status)) return false;
  return arrived.input?.type === "Watch" || speaksFor(arrived, head.token);
}

/** `refuse`: the run cannot go on without its history, and whoever asks for that is to hear of it. */
type Decision = DeliveryDecision | "refuse";

function decide(head: Frame | undefined, arrived: Arrived): Decision {
  const decision = isImported(head) ? "ack" : decideDelivery(head, arrived);
  if (archivedIn(head) === undefined) return decision;
  // All but a resume that came while the run was being archived is done with.
  return decision === "ack" ? "ack" : "refuse";
}

/** Leave to go on that is not used yet. */
interface Leave {
  permit: Permit | undefined;
  /** What its flow's code has thrown already: the run fails with it. */
  failure?: ConcurrencyKeyError;
}

/** What executes: the flow, or in its place a failure. Steps that were recorded before park the run then. */
function codeFor(
  definition: AnyDefinition | undefined,
  { failure }: Leave,
): AnyDefinition | undefined {
  if (definition === undefined || failure === undefined) return definition;
  const fn = (): never => {
    throw failure;
  };
  const bare = { version: "", input: undefined, attributes: {}, attributesOf: undefined };
  return { ...definition, kind: "flow", ...bare, fn };
}

/** What was fresh when it came may have become stale while it waited. */
function asOfNow({ aged }: KeptMessage, arrived: Arrived): Arrived {
  return aged ? { ...arrived, stale: !arrived.redelivered } : arrived;
}

function used(leave: Leave): Permit | undefined {
  const { permit } = leave;
  leave.permit = undefined;
  return permit;
}

/** What came of taking a run up: it is held now, it was closed or parked, its message is settled, or somebody else was faster. */
type TakenUp = Activation | "ended" | "settled" | "superseded";

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
  readonly admission: Admission;
  /** Waits for something that may take long: the message does not count as being looked at meanwhile. */
  whileWaiting<T>(kind: DeliveryKind, waiting: Promise<T>): Promise<T>;
  /** Looks at a message anew. */
  again(message: KeptMessage): void;
  /** The same after a while. The message stays kept meanwhile. */
  later(message: KeptMessage, ms: number): void;
}
