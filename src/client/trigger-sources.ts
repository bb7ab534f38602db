import { OWN_TYPES } from "../engine/event-type.ts";
import { withSubject } from "../engine/subject-match.ts";
import type { TriggerCondition, TriggerSource, TriggerSpec } from "../engine/trigger-spec.ts";
import type { BusSubjects } from "../wire/bus-subjects.ts";

/** What a trigger reads: its own source, and the one that its shape names. */
export interface SourceSide {
  readonly role: "on" | "other";
  readonly source: TriggerSource;
  readonly when: TriggerCondition | undefined;
}

export function sidesOf({ on, when, shape }: TriggerSpec): readonly SourceSide[] {
  const own: SourceSide = { role: "on", source: on, when };
  if (shape?.kind === "absent") {
    return [own, { role: "other", source: shape.expected, when: shape.when }];
  }
  if (shape?.kind === "both")
    return [own, { role: "other", source: shape.other, when: shape.when }];
  return [own];
}

/** The subjects that a side's events stand on: as narrow as its conditions allow. They may overlap. */
export function subjectsOf(subjects: BusSubjects, { source, when }: SourceSide): readonly string[] {
  switch (source.kind) {
    case "run": {
      // Whether a run is still there is told by its next event, whichever that is.
      const statuses = source.longerThanMs === undefined ? source.statuses : ["*"];
      const flows = when?.flows ?? ["*"];
      const isShort = statuses.length * flows.length <= MAX_SUBJECTS;
      const asked = isShort ? flows : ["*"];
      return statuses.flatMap((status) => asked.map((flow) => subjects.runEvent(status, flow)));
    }
    case "event":
      return source.types.flatMap((type) => subjectsOfType(subjects, type));
    case "subject":
      return [source.subject];
    case "stream":
      return [source.subject ?? ">"];
  }
}

/** The same for a consumer: a broker takes no filters that overlap. */
export function filtersOf(subjects: readonly string[]): readonly string[] {
  return subjects.reduce<readonly string[]>(withSubject, []);
}

function subjectsOfType(subjects: BusSubjects, type: string): readonly string[] {
  if (!type.startsWith(OWN_TYPES)) return [subjects.appEvent(type)];
  const rest = type.slice(OWN_TYPES.length);
  const [first, status = "*"] = rest.split(".");
  const ofRuns = subjects.runEvent(status === ">" ? "*" : status, "*");
  if (first === "run") return [ofRuns];
  if (first === ">" || first === "*") return [subjects.systemEvent(rest), ofRuns];
  return [subjects.systemEvent(rest)];
}

/** More would make a consumer slow to make: then it reads the events of all flows, and passes over those of others. */
const MAX_SUBJECTS = 64;
