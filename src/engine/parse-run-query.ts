/**
 * The query language: text to {@link RunQuery}, the same for CLI, API and console (docs/search.md). Pure: the present time is
 * an argument. Any text parses, or is refused with a {@link QueryError} that points at the character.
 */

import { dateAt, type WrittenTime } from "./moment.ts";
import { isToken } from "./names.ts";
import { nearestName } from "./nearest-name.ts";
import { readAttributeValue } from "./query-attribute-value.ts";
import { QueryError, type QueryProblem } from "./query-error.ts";
import { readMoment } from "./query-time.ts";
import { type QueryTerm, type QueryValue, queryTerms, type Span } from "./query-tokens.ts";
import type { AttributeCondition, RunOrder, RunQuery, TimeWindow } from "./run-query.ts";
import { CLOSED_STATUSES, OPEN_STATUSES, RUN_STATUSES, type RunStatus } from "./run-status.ts";

/**
 * Reads a query. All of its terms must hold; an empty text means every run.
 * @param now Milliseconds since 1970: what `since:1h` counts from.
 * @throws {@link QueryError}
 */
export function parseRunQuery(query: string, now: number): RunQuery {
  const draft = new Draft(query, now);
  for (const term of queryTerms(query)) draft.add(term);
  return draft.done();
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type TimeField = "submitted" | "started" | "closed";

class Draft {
  readonly #query: string;
  readonly #now: number;
  readonly #result: Mutable<RunQuery> = {};
  readonly #words: string[] = [];
  readonly #tags: string[] = [];
  readonly #notStatus = new Set<RunStatus>();
  readonly #attributes: AttributeCondition[] = [];

  constructor(query: string, now: number) {
    this.#query = query;
    this.#now = now;
  }

  done(): RunQuery {
    const result = this.#result;
    if (this.#tags.length > 0) result.tags = this.#tags;
    if (this.#notStatus.size > 0) result.notStatus = oneOrMore([...this.#notStatus]);
    if (this.#words.length > 0) result.text = this.#words.join(" ");
    if (this.#attributes.length > 0) result.attributes = this.#attributes;
    return result;
  }

  add(term: QueryTerm): void {
    const { field } = term;
    if (term.isExcluded && field?.name !== "status") {
      this.#fail("not-excludable", "Only a status can be left out", term, "-status:…, or no minus");
    }
    if (field === undefined) return this.#addText(term);
    if (field.name.startsWith(ATTRIBUTE)) return this.#addAttribute(term, field);
    const add = FIELDS[field.name];
    if (add === undefined || !Object.hasOwn(FIELDS, field.name)) this.#failUnknown(term, field);
    add(this, term);
  }

  status(term: QueryTerm): void {
    this.#checkEquals(term);
    const statuses = term.values.flatMap((value) => this.#statuses(value));
    if (term.isExcluded) {
      for (const status of statuses) this.#notStatus.add(status);
      return;
    }
    this.#setOnce("status", oneOrMore([...new Set(statuses)]), term);
  }

  names(field: "flow" | "queue", term: QueryTerm): void {
    this.#checkEquals(term);
    const names = term.values.map((value) => this.#name(value));
    this.#setOnce(field, oneOrMore([...new Set(names)]), term);
  }

  key(term: QueryTerm): void {
    const { text, hasStar } = this.#one(term);
    this.#setOnce("key", hasStar ? { prefix: text } : text, term);
  }

  id(term: QueryTerm): void {
    const value = this.#one(term);
    this.#checkRunId(value);
    const colon = value.text.indexOf(":");
    const key = value.text.slice(colon + 1);
    this.#setOnce("flow", value.text.slice(0, colon), term);
    this.#setOnce("key", value.hasStar ? { prefix: key } : key, term);
  }

  tag(term: QueryTerm): void {
    this.#checkEquals(term);
    const tags = [...new Set(term.values.map((value) => this.#text(value)))];
    if (tags.length === 1) this.#tags.push(...tags);
    else this.#setOnce("anyTag", tags, term);
  }

  run(field: "parent" | "root", term: QueryTerm): void {
    const value = this.#one(term);
    this.#checkNoStar(value);
    this.#checkRunId(value);
    this.#setOnce(field, value.text, term);
  }

  worker(term: QueryTerm): void {
    this.#setOnce("worker", this.#text(this.#one(term)), term);
  }

  fingerprint(term: QueryTerm): void {
    const value = this.#one(term);
    if (!/^[0-9a-f]{16}$/.test(value.text)) {
      const expected = "the fingerprint of an error, 16 hex digits, as a run shows it";
      this.#failValue(value, expected, value.isLiteral ? undefined : `text:${value.text}`);
    }
    this.#setOnce("fingerprint", this.#text(value), term);
  }

  text(term: QueryTerm): void {
    this.#addText({ ...term, values: [this.#one(term)] });
  }

  archived(term: QueryTerm): void {
    const value = this.#one(term);
    const answer = ANSWERS.get(this.#text(value));
    if (answer === undefined) this.#failValue(value, "yes or no");
    this.#setOnce("archived", answer, term);
  }

  order(term: QueryTerm): void {
    const value = this.#one(term);
    const text = this.#text(value);
    const isDescending = text.startsWith("-");
    const given = isDescending ? text.slice(1) : text;
    const by = ORDERS.find((name) => name === given);
    if (by === undefined) {
      const near = nearestName(given, ORDERS);
      this.#failValue(
        value,
        `${ORDERS.join(", ")}, or one of them after a minus for the newest first`,
        near === undefined ? undefined : `${isDescending ? "-" : ""}${near}`,
      );
    }
    this.#setOnce("order", { by, direction: isDescending ? "descending" : "ascending" }, term);
  }

  /** `>` and `<` are told from the time as it was written: after a day means from the next one on. */
  time(field: TimeField, term: QueryTerm): void {
    const value = this.#one(term, true);
    const operator = term.operator?.is ?? "=";
    const { time, isRelative } = this.#moment(value);
    if (operator === "=" && isRelative) {
      this.#fail(
        "invalid-operator",
        "A run is not of an exact time ago",
        value,
        "> for later than that, or < for earlier",
        `${field}:>${value.text}`,
      );
    }
    this.#narrow(field, windowOf(operator, time));
  }

  /** `since:` and `until:` speak of the submission. */
  bound(end: "since" | "until", term: QueryTerm): void {
    const { time } = this.#moment(this.#one(term));
    this.#narrow("submitted", windowOf(end === "since" ? ">=" : "<", time));
  }

  #addText(term: QueryTerm): void {
    for (const value of term.values) this.#words.push(this.#text(value));
  }

  #addAttribute(term: QueryTerm, field: Span & { readonly name: string }): void {
    const name = field.name.slice(ATTRIBUTE.length);
    const isName: boolean = isToken(name);
    if (!isName) {
      const at = field.at + ATTRIBUTE.length;
      this.#fail(
        "unknown-field",
        `${JSON.stringify(cut(name))} is not the name of a search attribute`,
        { at, length: name.length },
        "1 to 128 letters, digits, _ or -",
      );
    }
    const value = this.#one(term, true);
    this.#checkNoStar(value);
    const is = term.operator?.is ?? "=";
    const read = readAttributeValue(value);
    if (read.type === "date") return this.#addDates(name, is, read.time);
    const isOrdered = read.type === "number";
    if (is !== "=" && !isOrdered && term.operator !== undefined) {
      this.#fail(
        "invalid-operator",
        `Text and true or false have no order`,
        term.operator,
        "a number or an ISO date after it, or = in its place",
      );
    }
    this.#attributes.push({ name, is, value: read.value });
  }

  #addDates(name: string, is: AttributeCondition["is"], time: WrittenTime): void {
    if (time.to === time.from + 1) {
      this.#attributes.push({ name, is, value: dateAt(time.from) });
      return;
    }
    const { from, to } = windowOf(is, time);
    if (from !== undefined) this.#attributes.push({ name, is: ">=", value: from });
    if (to !== undefined) this.#attributes.push({ name, is: "<", value: to });
  }

  #narrow(field: TimeField, { from, to }: TimeWindow): void {
    const before = this.#result[field];
    const froms = [before?.from, from].flatMap((date) =>
      date === undefined ? [] : [Number(date)],
    );
    const tos = [before?.to, to].flatMap((date) => (date === undefined ? [] : [Number(date)]));
    this.#result[field] = {
      ...(froms.length === 0 ? {} : { from: dateAt(Math.max(...froms)) }),
      ...(tos.length === 0 ? {} : { to: dateAt(Math.min(...tos)) }),
    };
  }

  #moment(value: QueryValue): { readonly time: WrittenTime; readonly isRelative: boolean } {
    const moment = readMoment(this.#text(value), this.#now);
    if (moment !== undefined) return moment;
    return this.#failValue(
      value,
      "a time such as 2026-05-04, 2026-05-04T12:30Z or 1h (an hour ago)",
    );
  }

  #statuses(value: QueryValue): readonly RunStatus[] {
    const text = this.#text(value);
    if (text === "open") return OPEN_STATUSES;
    if (text === "closed") return CLOSED_STATUSES;
    const status = RUN_STATUSES.find((one) => one === text);
    if (status !== undefined) return [status];
    const known = [...RUN_STATUSES, "open", "closed"];
    return this.#failValue(value, known.join(", "), nearestName(text, known));
  }

  #name(value: QueryValue): string {
    const text = this.#text(value);
    if (!isToken(text)) this.#failValue(value, "a name of letters, digits, _ or -");
    return text;
  }

  #checkRunId(value: QueryValue): void {
    const colon = value.text.indexOf(":");
    const hasKey = value.hasStar || colon + 1 < value.text.length;
    if (colon < 0 || !isToken(value.text.slice(0, colon)) || !hasKey) {
      this.#failValue(value, "a run's id, <flow>:<key>");
    }
  }

  #one(term: QueryTerm, mayOrder = false): QueryValue {
    if (!mayOrder) this.#checkEquals(term);
    const [value, second] = term.values;
    if (value === undefined) throw new Error("A term has a value");
    if (second === undefined) return value;
    return this.#fail(
      "one-value-only",
      `${term.field?.name} takes one value`,
      second,
      "a space, or quotes around all of it if the comma is part of it",
    );
  }

  #text(value: QueryValue): string {
    this.#checkNoStar(value);
    return value.text;
  }

  #checkNoStar(value: QueryValue): void {
    if (!value.hasStar) return;
    const star = { at: value.at + value.length - 1, length: 1 };
    const expected = "it only in key and id, or a backslash before it";
    this.#fail("misplaced-character", "A star has no meaning here", star, expected);
  }

  #checkEquals({ operator, field }: QueryTerm): void {
    if (operator === undefined || operator.is === "=") return;
    const expected = `${field?.name}:<value>`;
    this.#fail("invalid-operator", `${field?.name} has no order`, operator, expected);
  }

  #setOnce<Field extends keyof RunQuery>(field: Field, value: RunQuery[Field], term: Span): void {
    if (this.#result[field] !== undefined) {
      const isList = field === "status" || field === "flow" || field === "queue";
      this.#fail(
        "given-twice",
        `${field === "anyTag" ? "A list of tags" : field} is given twice`,
        term,
        isList ? `one ${field}:a,b for any of them` : "it once",
      );
    }
    this.#result[field] = value;
  }

  #failUnknown(term: QueryTerm, field: Span & { readonly name: string }): never {
    const near = nearestName(field.name, Object.keys(FIELDS));
    const rest = this.#query.slice(field.at + field.length, term.at + term.length);
    const isAttribute = near === undefined && term.operator !== undefined && isToken(field.name);
    const meant = isAttribute ? `${ATTRIBUTE}${field.name}` : near;
    const isShort = rest.length < SHOWN;
    return this.#fail(
      "unknown-field",
      `There is no field ${JSON.stringify(cut(field.name))}`,
      field,
      `one of ${Object.keys(FIELDS).join(", ")}, ${ATTRIBUTE}<name>, or quotes around text with a colon`,
      meant === undefined || !isShort ? undefined : `${meant}${rest}`,
    );
  }

  #failValue(value: QueryValue, expected: string, suggestion?: string): never {
    const message = `${JSON.stringify(cut(value.text))} is not understood`;
    const meant = suggestion !== undefined && suggestion.length < SHOWN ? suggestion : undefined;
    return this.#fail("invalid-value", message, value, expected, meant);
  }

  #fail(
    problem: QueryProblem,
    message: string,
    { at, length }: Span,
    expected: string,
    suggestion?: string,
  ): never {
    throw new QueryError(this.#query, { problem, message, at, length, expected, suggestion });
  }
}

const ATTRIBUTE = "attr.";

/** Most characters of a query that an error repeats. */
const SHOWN = 60;

function cut(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

const FIELDS: Readonly<Record<string, (draft: Draft, term: QueryTerm) => void>> = {
  id: (draft, term) => draft.id(term),
  flow: (draft, term) => draft.names("flow", term),
  status: (draft, term) => draft.status(term),
  queue: (draft, term) => draft.names("queue", term),
  key: (draft, term) => draft.key(term),
  tag: (draft, term) => draft.tag(term),
  since: (draft, term) => draft.bound("since", term),
  until: (draft, term) => draft.bound("until", term),
  submitted: (draft, term) => draft.time("submitted", term),
  started: (draft, term) => draft.time("started", term),
  closed: (draft, term) => draft.time("closed", term),
  parent: (draft, term) => draft.run("parent", term),
  root: (draft, term) => draft.run("root", term),
  worker: (draft, term) => draft.worker(term),
  error: (draft, term) => draft.fingerprint(term),
  text: (draft, term) => draft.text(term),
  archived: (draft, term) => draft.archived(term),
  order: (draft, term) => draft.order(term),
};

const ORDERS = ["submitted", "started", "closed", "updated"] as const satisfies RunOrder["by"][];

const ANSWERS: ReadonlyMap<string, boolean> = new Map([
  ["yes", true],
  ["true", true],
  ["no", false],
  ["false", false],
]);

function windowOf(operator: AttributeCondition["is"], { from, to }: WrittenTime): TimeWindow {
  switch (operator) {
    case "=":
      return { from: dateAt(from), to: dateAt(to) };
    case ">":
      return { from: dateAt(to) };
    case ">=":
      return { from: dateAt(from) };
    case "<":
      return { to: dateAt(from) };
    case "<=":
      return { to: dateAt(to) };
  }
}

function oneOrMore<T>(values: readonly T[]): T | readonly T[] {
  const [only] = values;
  return values.length === 1 && only !== undefined ? only : values;
}
