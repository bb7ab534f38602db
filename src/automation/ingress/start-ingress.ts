import { IngressLetters } from "../../client/ingress-letters.ts";
import type { AnyDefinition } from "../../definition/definition.ts";
import { BusSubjects } from "../../wire/bus-subjects.ts";
import type { AutomationHost, AutomationPart } from "../automation-host.ts";
import type { OnDue } from "./due-message.ts";
import { IngressIntake } from "./ingress-intake.ts";
import { startSweep } from "./start-sweep.ts";

/**
 * Takes in what others published for the flows that this worker serves, and what falls due for them: two consumers for each,
 * shared by all workers that serve it. Resolves when every one is reading.
 * @throws {@link BrokerError}
 */
export async function startIngress(
  host: AutomationHost,
  { onDue, graceMs }: IngressOptions,
): Promise<AutomationPart> {
  const { millrace, definitions } = host;
  const { bus } = millrace.broker;
  const subjects = new BusSubjects(millrace.namespace);
  const letters = new IngressLetters(millrace.host);
  const intake = new IngressIntake({ host, subjects, letters, onDue });
  const { published, ingress } = bus.streams;
  // A namespace that is older may have messages there that were published before the two streams were parted.
  const isParted = (await bus.subjects(ingress, subjects.published)).size === 0;
  const read = (stream: string, definition: AnyDefinition, filters: readonly string[]) =>
    bus.consume({
      stream,
      consumer: `ingress_${definition.name}`,
      filters,
      leaseMs: LEASE_MS,
      maxHeld: MAX_HELD,
      onMessage: (delivery) => intake.take(definition, delivery),
    });
  const open = [...definitions.values()].flatMap((definition) => {
    const outside = subjects.ofFlow(definition.name);
    const own = [subjects.scheduleDue(definition.name, "*")];
    return [
      read(published, definition, outside),
      read(ingress, definition, isParted ? own : [...own, ...outside]),
    ];
  });
  const opened = await Promise.allSettled(open);
  const consumptions = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const stopReading = async (): Promise<void> => {
    await Promise.all(consumptions.map((consumption) => consumption.stop()));
  };
  const failure = opened.find((one) => one.status === "rejected");
  if (failure !== undefined) {
    await stopReading();
    throw failure.reason;
  }
  const sweep = startSweep(host, {
    letters,
    subjects,
    ...(graceMs === undefined ? {} : { graceMs }),
  });
  return {
    stop: async () => {
      intake.stopping();
      await Promise.all([stopReading(), sweep.stop()]);
      await intake.stopped();
    },
  };
}

export interface IngressOptions {
  /** Where a schedule's fire times go. */
  readonly onDue: OnDue;
  /** How long messages wait for a flow that nobody ever served, before they are set aside. Default 60 s. */
  readonly graceMs?: number;
}

/** Messages of one flow in this process: enough to keep the broker busy, and few enough that other workers get theirs. */
const MAX_HELD = 512;
/** As long a dead worker's messages stay with it. Whoever is only slow keeps them; two who have one do no harm. */
const LEASE_MS = 10_000;
