import { createInbox, type NatsConnection } from "@nats-io/nats-core";
import type { Volunteer } from "../engine/peer-watch/watchers.ts";
import { watchSubject } from "../wire/subjects.ts";
import {
  decodeAnswer,
  decodeQuestion,
  decodeSeeker,
  decodeVolunteer,
  encodeAnswer,
  encodeQuestion,
  encodeSeeker,
  encodeVolunteer,
  type WatchAnswer,
  type WatchQuestion,
} from "../wire/watch-codec.ts";
import { isNoResponders } from "./no-responders.ts";
import type { PeerLink, PeerWatch } from "./peer-watch.ts";

/** How lease threads reach each other: core messages, none of which is stored. */
export class NatsPeerLink implements PeerLink {
  readonly #connection: NatsConnection;
  readonly #namespace: string;

  constructor(connection: NatsConnection, namespace: string) {
    this.#connection = connection;
    this.#namespace = namespace;
  }

  get confirmMs(): number {
    // A server that dies takes its own clients' connections only; they turn to another one. Its addresses do not tell: many a
    // cluster is told not to advertise them.
    return this.#connection.info?.cluster === undefined ? CONFIRM_MS : CONFIRM_IN_CLUSTER_MS;
  }

  async ask(worker: string, question: WatchQuestion): Promise<WatchAnswer | "nobody" | "silence"> {
    try {
      const subject = watchSubject(this.#namespace, worker);
      const options = { timeout: ASK_TIMEOUT_MS };
      const answer = await this.#connection.request(subject, encodeQuestion(question), options);
      return decodeAnswer(answer.string()) ?? "silence";
    } catch (error) {
      return isNoResponders(error) ? "nobody" : "silence";
    }
  }

  async seek(worker: string): Promise<readonly Volunteer[]> {
    const volunteers: Volunteer[] = [];
    if (this.#connection.isClosed()) return volunteers;
    const reply = createInbox();
    const answers = this.#connection.subscribe(reply, {
      callback: (error, message) => {
        const volunteer = error === null ? decodeVolunteer(message.string()) : undefined;
        if (volunteer !== undefined) volunteers.push(volunteer);
      },
    });
    this.#connection.publish(watchSubject(this.#namespace), encodeSeeker(worker), { reply });
    await new Promise((resolve) => setTimeout(resolve, SEEK_MS));
    answers.unsubscribe();
    return volunteers;
  }

  /** Lets a worker's watch hear what others ask, and of what makes it doubt its own connection. */
  serve(worker: string, watch: PeerWatch): void {
    const connection = this.#connection;
    connection.subscribe(watchSubject(this.#namespace, worker), {
      callback: (error, message) => {
        const question = error === null ? decodeQuestion(message.string()) : undefined;
        if (question !== undefined) message.respond(encodeAnswer(watch.answer(question)));
      },
    });
    connection.subscribe(watchSubject(this.#namespace), {
      callback: (error, message) => {
        const seeker = error === null ? decodeSeeker(message.string()) : undefined;
        const volunteer = seeker === undefined ? undefined : watch.volunteer(seeker);
        if (volunteer !== undefined) message.respond(encodeVolunteer(volunteer));
      },
    });
    void this.#watchStatus(watch);
  }

  async #watchStatus(watch: PeerWatch): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (SHAKEN.has(type)) watch.distrust();
    }
  }
}

/** What happened to this connection, or to its cluster, may have happened to those of others. */
const SHAKEN: ReadonlySet<string> = new Set([
  "disconnect",
  "reconnect",
  "staleConnection",
  "forceReconnect",
  "update",
  "ldm",
]);

const CONFIRM_MS = 150;
const CONFIRM_IN_CLUSTER_MS = 400;
const ASK_TIMEOUT_MS = 1_000;
/** Whoever answers later is too busy to watch. */
const SEEK_MS = 100;
