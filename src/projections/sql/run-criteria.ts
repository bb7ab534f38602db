import { sql } from "kysely";
import type { AttributeCondition, RunQuery, TimeWindow } from "../../engine/run-query.ts";
import type { RunStatus } from "../../engine/run-status.ts";
import { allOf, type Condition, clean, hasPrefix, isBetween, isOneOf, isWithin } from "./bounds.ts";
import { type Branch, type Branches, type Criterion, ref, type Source } from "./run-source.ts";
import { attributeTerm, numberName, tagTerm, wordsOf, wordTerm } from "./search-terms.ts";
import type { Spread } from "./views.ts";

/** A query taken apart. `submitted` is none of the criteria: every source knows that time itself. */
export interface RunCriteria {
  readonly all: readonly Criterion[];
  /** Those that know which runs they mean, the most telling first. */
  readonly sources: readonly Source[];
  readonly submitted: ((column: Condition) => Condition) | undefined;
  /** Nothing can be found. */
  readonly impossible: boolean;
  /** Flow, queue and status only, as far as anything is asked for: the counts that are kept answer it. */
  readonly counted: Counted | undefined;
}

export interface Counted {
  readonly flows: readonly string[] | undefined;
  readonly queues: readonly string[] | undefined;
  readonly statuses: readonly string[] | undefined;
}

export function runCriteria(query: RunQuery, branches: Branches, spread: Spread): RunCriteria {
  const found: Found = { all: [], telling: [], home: [], impossible: false, branches };
  addHome(found, query);
  addKey(found, query);
  addNames(found, query);
  addTags(found, query);
  if (query.text !== undefined) addText(found, query.text);
  addAttributes(found, query.attributes ?? []);
  addWindow(found, "started", query.started);
  addWindow(found, "closed", query.closed);
  addArchived(found, query.archived);
  const onlyHome = found.telling.length === 0 && found.all.length === homeOf(query).length;
  return {
    all: found.all,
    sources: [...found.telling, ...found.home],
    submitted: submittedWhen(query, spread),
    impossible: found.impossible,
    counted:
      onlyHome && query.submitted === undefined
        ? {
            flows: listOf(query.flow),
            queues: listOf(query.queue),
            statuses: statusesOf(query),
          }
        : undefined,
  };
}

interface Found {
  readonly all: Criterion[];
  readonly telling: Source[];
  readonly home: Source[];
  impossible: boolean;
  readonly branches: Branches;
}

/** More branches than these are slower than looking at each row. */
const MAX_BRANCHES = 64;

const STATUSES: readonly RunStatus[] = Object.freeze([
  "running",
  "awaiting-retry",
  "cancelling",
  "suspended",
  "scheduled",
  "pending",
  "parked",
  "completed",
  "failed",
  "crashed",
  "cancelled",
]);

function addHome(found: Found, query: RunQuery): void {
  const flows = listOf(query.flow);
  const queues = listOf(query.queue);
  const statuses = statusesOf(query);
  const flow = flows && addColumn(found, "flow", flows);
  const queue = queues && addColumn(found, "queue", queues);
  const status = statuses && addColumn(found, "status", statuses);
  const withStatus = (index: "flow" | "queue", criterion: Criterion, names: readonly string[]) => {
    const of = statuses ?? STATUSES;
    const branches = names.flatMap((name) =>
      of.map((value) =>
        found.branches.runs(index, sql`r.${sql.ref(index)} = ${name}`, sql`r.status = ${value}`),
      ),
    );
    addHomeSource(found, [criterion, ...(status ? [status] : [])], branches);
  };
  if (flow) withStatus("flow", flow, flows);
  if (queue) withStatus("queue", queue, queues);
  if (status) {
    const branches = statuses.map((value) =>
      found.branches.runs("status", sql`r.status = ${value}`),
    );
    addHomeSource(found, [status], branches);
  }
}

function addHomeSource(found: Found, covers: Criterion[], branches: readonly Branch[]): void {
  if (branches.length > MAX_BRANCHES) return;
  found.home.push({ covers, branches, ordered: true, distinct: true });
}

function addColumn(found: Found, column: string, values: readonly string[]): Criterion {
  if (values.length === 0) found.impossible = true;
  return addCriterion(found, { holds: () => isOneOf(ref("r", column), values), needsRow: true });
}

function addKey(found: Found, { key, flow }: RunQuery): void {
  if (key === undefined) return;
  const column = ref("r", "run_key");
  if (typeof key !== "string") {
    if (key.prefix === "") return;
    const isIt = hasPrefix(column, clean(key.prefix));
    const criterion = addCriterion(found, { holds: () => isIt, needsRow: true });
    addSource(found, criterion, [found.branches.runs("key", isIt)], { ordered: false });
    return;
  }
  const isIt = sql`${column} = ${clean(key)}`;
  const criterion = addCriterion(found, { holds: () => isIt, needsRow: true });
  const flows = listOf(flow) ?? [];
  if (flows.length === 0 || flows.length > MAX_BRANCHES) {
    addSource(found, criterion, [found.branches.runs("key", isIt)]);
    return;
  }
  const ids = flows.map((name) => sql`r.id = ${`${name}:${clean(key)}`}`);
  addSource(
    found,
    criterion,
    ids.map((id) => found.branches.runs("id", id)),
  );
}

function addNames(found: Found, { parent, root, worker, fingerprint }: RunQuery): void {
  for (const [column, value] of Object.entries({ parent, worker, fingerprint })) {
    if (value === undefined) continue;
    const isIt = sql`${ref("r", column)} = ${clean(value)}`;
    const criterion = addCriterion(found, { holds: () => isIt, needsRow: true });
    if (value === "") continue;
    // SAFETY: the three columns have indexes of their names.
    const index = column as "parent" | "worker" | "fingerprint";
    const some = sql`${ref("r", column)} <> ''`;
    addSource(found, criterion, [found.branches.runs(index, isIt, some)]);
  }
  if (root === undefined) return;
  const isIt = sql`r.root = ${clean(root)}`;
  const criterion = addCriterion(found, { holds: () => isIt, needsRow: true });
  // The first of a family has no parent, and is not in the index of its members.
  addSource(found, criterion, [
    found.branches.runs("id", sql`r.id = ${clean(root)}`, sql`r.parent = ''`, isIt),
    found.branches.runs("root", isIt, sql`r.parent <> ''`),
  ]);
}

function addTags(found: Found, { tags, anyTag }: RunQuery): void {
  for (const tag of new Set(tags)) addTerm(found, tagTerm(clean(tag)));
  if (anyTag === undefined) return;
  const terms = [...new Set(anyTag)].map((tag) => tagTerm(clean(tag)));
  if (terms.length === 0) found.impossible = true;
  const tests = terms.map((term) => found.branches.hasTerm(term));
  const criterion = addCriterion(found, {
    holds: (at) =>
      sql`(${sql.join(
        tests.map((test) => test(at)),
        sql` or `,
      )})`,
    needsRow: false,
  });
  if (terms.length > MAX_BRANCHES) return;
  addSource(
    found,
    criterion,
    terms.map((term) => found.branches.terms(sql`d.term = ${term}`)),
    { distinct: false },
  );
}

function addText(found: Found, text: string): void {
  const words = [...wordsOf(clean(text))];
  const begun = words.pop();
  // Nothing to look for is found nowhere: a mistake in a text must not mean all runs there are.
  if (begun === undefined) {
    found.impossible = true;
    return;
  }
  for (const word of new Set(words)) addTerm(found, wordTerm(word));
  const pattern = `% ${begun.replaceAll(/[\\%_]/g, "\\$&")}%`;
  const criterion = addCriterion(found, {
    holds: () => sql`r.words like ${pattern} escape '\\'`,
    needsRow: true,
  });
  const isIt = hasPrefix(ref("d", "term"), wordTerm(begun));
  addSource(found, criterion, [found.branches.terms(isIt)], { ordered: false, distinct: false });
}

function addAttributes(found: Found, conditions: readonly AttributeCondition[]): void {
  const ranges = new Map<string, ((column: Condition) => Condition)[]>();
  for (const { name: given, is, value } of conditions) {
    const name = clean(given);
    if (typeof value === "string" || typeof value === "boolean") {
      addTerm(found, attributeTerm(name, typeof value === "string" ? clean(value) : value));
      continue;
    }
    const number = Number(value);
    if (Number.isNaN(number)) found.impossible = true;
    const entry = numberName(name, value);
    const isIt = (column: Condition) => sql`${column} ${OPERATORS[is]} ${number}`;
    ranges.set(entry, [...(ranges.get(entry) ?? []), isIt]);
  }
  // From and to of one attribute are one range of its index.
  for (const [entry, ends] of ranges) {
    const isIt = (column: Condition) => allOf(ends.map((end) => end(column)));
    const criterion = addCriterion(found, {
      holds: found.branches.hasNumber(entry, isIt),
      needsRow: false,
    });
    const source = found.branches.numbers(sql`d.name = ${entry}`, isIt(ref("d", "value")));
    addSource(found, criterion, [source], { ordered: false });
  }
}

const OPERATORS: Readonly<Record<AttributeCondition["is"], Condition>> = {
  "=": sql`=`,
  ">": sql`>`,
  ">=": sql`>=`,
  "<": sql`<`,
  "<=": sql`<=`,
};

function addWindow(found: Found, by: "started" | "closed", window: TimeWindow | undefined): void {
  if (window === undefined) return;
  const isIt = isWithin(ref("r", `${by}_at`), window);
  const criterion = addCriterion(found, { holds: () => isIt, needsRow: true });
  addSource(found, criterion, [found.branches.runs(by, isIt)], { ordered: false });
}

/** What is asked of the time of submission, and what follows for it when it is known when a run started or was closed. */
function submittedWhen(
  { submitted, started, closed }: RunQuery,
  { ahead, behind }: Spread,
): RunCriteria["submitted"] {
  const tests: ((column: Condition) => Condition)[] = [];
  if (submitted !== undefined) tests.push((column) => isWithin(column, submitted));
  for (const { from, to } of [started ?? {}, closed ?? {}]) {
    if (from === undefined && to === undefined) continue;
    const first = from && from.getTime() - behind;
    const end = to && to.getTime() + ahead;
    tests.push((column) => isBetween(column, first, end));
  }
  return tests.length === 0 ? undefined : (column) => allOf(tests.map((test) => test(column)));
}

function addArchived(found: Found, archived: boolean | undefined): void {
  if (archived === undefined) return;
  const isIt = archived ? sql`r.archived = 1` : sql`r.archived = 0`;
  const criterion = addCriterion(found, { holds: () => isIt, needsRow: true });
  if (archived) addSource(found, criterion, [found.branches.runs("archived", isIt)]);
}

function addTerm(found: Found, term: string): void {
  const criterion = addCriterion(found, { holds: found.branches.hasTerm(term), needsRow: false });
  addSource(found, criterion, [found.branches.terms(sql`d.term = ${term}`)]);
}

function addCriterion(found: Found, criterion: Criterion): Criterion {
  found.all.push(criterion);
  return criterion;
}

function addSource(
  found: Found,
  criterion: Criterion,
  branches: readonly Branch[],
  { ordered = true, distinct = true }: { ordered?: boolean; distinct?: boolean } = {},
): void {
  found.telling.push({ covers: [criterion], branches, ordered, distinct });
}

function homeOf(query: RunQuery): readonly unknown[] {
  return [query.flow, query.queue, statusesOf(query)].filter((asked) => asked !== undefined);
}

function statusesOf({ status, notStatus }: RunQuery): readonly string[] | undefined {
  const not = listOf(notStatus) ?? [];
  if (status === undefined && not.length === 0) return undefined;
  return (listOf(status) ?? STATUSES).filter((value) => !not.includes(value));
}

function listOf(given: string | readonly string[] | undefined): readonly string[] | undefined {
  if (given === undefined) return undefined;
  return typeof given === "string" ? [clean(given)] : [...new Set(given.map(clean))];
}
