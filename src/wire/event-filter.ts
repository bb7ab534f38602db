import { OWN_TYPES } from "../engine/event-type.ts";
import type { BusSubjects } from "./bus-subjects.ts";

/**
 * The subjects of all events of these types: `order.created`, `millrace.run.crashed`, `*` in place of a token, `>` at the end
 * in place of any rest. Nothing when a type is none.
 */
export function eventFilter(
  subjects: BusSubjects,
  types: readonly string[],
): readonly string[] | undefined {
  if (types.length === 0) return undefined;
  const filters = types.map((type) => filterOf(subjects, type));
  return filters.every((filter) => filter !== undefined) ? [...new Set(filters.flat())] : undefined;
}

function filterOf(subjects: BusSubjects, type: string): readonly string[] | undefined {
  if (type === ">") return subjects.ofStreams.events;
  if (!TYPE.test(type)) return undefined;
  if (!type.startsWith(OWN_TYPES)) return [subjects.appEvent(type)];
  const own = type.slice(OWN_TYPES.length);
  const [what, status, ...rest] = own.split(".");
  if (what === ">") return [subjects.runEvent("*", ">"), subjects.systemEvent(">")];
  if (what !== "run") return [subjects.systemEvent(own)];
  if (status === undefined || rest.length > 0) return undefined;
  return [status === ">" ? subjects.runEvent("*", ">") : subjects.runEvent(status, "*")];
}

const TYPE = /^(?:[A-Za-z0-9_-]+|\*)(?:\.(?:[A-Za-z0-9_-]+|\*))*(?:\.>)?$/;
