import { checkToken } from "../engine/names.ts";

/**
 * The subjects of ingress and events in one namespace (docs/protocol.md). What begins with `millrace.` is for everybody, in any
 * language; what begins with `mr.` is Millrace's own.
 */
export class BusSubjects {
  readonly namespace: string;

  constructor(namespace: string) {
    this.namespace = checkToken("A namespace", namespace);
  }

  /** What the three streams hold. */
  get ofStreams(): { readonly ingress: readonly string[]; readonly events: readonly string[] } {
    const { namespace } = this;
    return {
      ingress: [
        `millrace.${namespace}.submit.>`,
        `millrace.${namespace}.signal.>`,
        `millrace.${namespace}.cancel.>`,
        `mr.${namespace}.ingress.>`,
      ],
      events: [`millrace.${namespace}.events.>`],
    };
  }

  /** Everything in the ingress that is about one flow: what its consumer reads. */
  ofFlow(flow: string): readonly string[] {
    const { namespace } = this;
    return [
      `millrace.${namespace}.submit.${flow}`,
      `millrace.${namespace}.signal.${flow}.>`,
      `millrace.${namespace}.cancel.${flow}.>`,
      `mr.${namespace}.ingress.due.${flow}.*`,
    ];
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
