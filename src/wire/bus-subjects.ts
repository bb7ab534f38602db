import { checkToken, isToken } from "../engine/names.ts";

/**
 * The subjects of ingress and events in one namespace (docs/protocol.md). What begins with `millrace.` is for everybody, in any
 * language; what begins with `mr.` is Millrace's own.
 */
export class BusSubjects {
  readonly namespace: string;

  constructor(namespace: string) {
    this.namespace = checkToken("A namespace", namespace);
  }

  /** What the streams hold: no subject of one is a subject of another, so a right to publish is a right to one stream. */
  get ofStreams(): Readonly<Record<"published" | "ingress" | "events", readonly string[]>> {
    const { namespace } = this;
    return {
      published: [
        `millrace.${namespace}.submit.>`,
        `millrace.${namespace}.signal.>`,
        `millrace.${namespace}.cancel.>`,
      ],
      ingress: [`mr.${namespace}.ingress.>`],
      events: [`millrace.${namespace}.events.>`],
    };
  }

  /** What is for everybody: what others publish, and events. */
  get published(): string {
    return `millrace.${this.namespace}.>`;
  }

  /** Everything that others publish about one flow: what its consumer reads. */
  ofFlow(flow: string): readonly string[] {
    const { namespace } = this;
    return [
      `millrace.${namespace}.submit.${flow}`,
      `millrace.${namespace}.signal.${flow}.>`,
      `millrace.${namespace}.cancel.${flow}.>`,
    ];
  }

  /** Takes a subject of the ingress apart. Tokens are as they stand there: a key or name may be encoded. */
  ingressPlace(subject: string): IngressPlace | undefined {
    const { namespace } = this;
    const [root, space, kind, ...rest] = subject.split(".");
    if (space !== namespace || !rest.every((token) => isToken(token))) return undefined;
    const own = root === "mr" && kind === "ingress";
    return own ? ownPlace(rest) : root === "millrace" ? outsidePlace(kind, rest) : undefined;
  }

  /** The flow whose consumer reads this subject ({@link BusSubjects.ofFlow}), whether or not it makes sense there. */
  ingressFlow(subject: string): string | undefined {
    const [root, space, kind, flow, ...rest] = subject.split(".");
    if (root !== "millrace" || space !== this.namespace) return undefined;
    const isRead =
      (kind === "submit" && rest.length === 0) ||
      ((kind === "signal" || kind === "cancel") && rest.length > 0);
    return isRead ? flow : undefined;
  }

  /** Only Millrace itself has the right to publish there. */
  isOwn(subject: string): boolean {
    return subject.startsWith("mr.");
  }

  submit(flow: string): string {
    return `millrace.${this.namespace}.submit.${flow}`;
  }

  /** `key` as it stands in a subject: {@link RunRef.token}. */
  signal(flow: string, key: string, name: string): string {
    return `millrace.${this.namespace}.signal.${flow}.${key}.${name}`;
  }

  cancel(flow: string, key: string): string {
    return `millrace.${this.namespace}.cancel.${flow}.${key}`;
  }

  /** Where a schedule's next fire time is ordered, and where it falls due. */
  scheduleOrder(schedule: string): string {
    return `mr.${this.namespace}.ingress.order.${schedule}`;
  }

  scheduleDue(flow: string, schedule: string): string {
    return `mr.${this.namespace}.ingress.due.${flow}.${schedule}`;
  }

  /** The dead letter about a message of the ingress. */
  deadIngress(sequence: number | "*"): string {
    return `mr.${this.namespace}.ingress.dead.${sequence}`;
  }

  /** A change of a run's status. `*` for any status or flow. */
  runEvent(status: string, flow: string): string {
    return `millrace.${this.namespace}.events.run.${status}.${flow}`;
  }

  /** An application's event: its type's tokens follow. `*` stands for one token, `>` at the end for any rest. */
  appEvent(type: string): string {
    return `millrace.${this.namespace}.events.app.${type}`;
  }

  /** What Millrace tells of itself, such as `trigger.stopped`. */
  systemEvent(type: string): string {
    return `millrace.${this.namespace}.events.system.${type}`;
  }
}

/** What a subject of the ingress says. */
export type IngressPlace =
  | { readonly kind: "submit"; readonly flow: string }
  | { readonly kind: "signal"; readonly flow: string; readonly key: string; readonly name: string }
  | { readonly kind: "cancel"; readonly flow: string; readonly key: string }
  | { readonly kind: "due"; readonly flow: string; readonly schedule: string }
  /** What is not to be read: an order that is not carried out yet, a dead letter. */
  | { readonly kind: "order" | "dead"; readonly name: string };

function outsidePlace(
  kind: string | undefined,
  [flow, key, name, ...more]: readonly string[],
): IngressPlace | undefined {
  if (flow === undefined || more.length > 0) return undefined;
  if (key === undefined) return kind === "submit" ? { kind, flow } : undefined;
  if (name === undefined) return kind === "cancel" ? { kind, flow, key } : undefined;
  return kind === "signal" ? { kind, flow, key, name } : undefined;
}

function ownPlace([kind, first, second, ...more]: readonly string[]): IngressPlace | undefined {
  if (first === undefined || more.length > 0) return undefined;
  if (kind === "due" && second !== undefined) return { kind, flow: first, schedule: second };
  if (second !== undefined) return undefined;
  // A letter is found by the sequence that it is about: on any other subject it would never be seen.
  const isLetter = kind === "dead" && /^[1-9]\d{0,14}$/.test(first);
  return kind === "order" || isLetter ? { kind, name: first } : undefined;
}
