import { readAttributeValue } from "./query-attribute-value.ts";
import type { AttributeCondition, RunQuery, TimeWindow } from "./run-query.ts";
import { InvalidOptionError } from "./usage-errors.ts";

/**
 * A query as text that means the same to `parseRunQuery`, with times in full. For one that can be written: names, ids and
 * fingerprints must be such.
 * @throws {@link InvalidOptionError} for an empty list: it would mean no run, and there is no text for that.
 */
export function formatRunQuery(query: RunQuery): string {
  const { key, archived, order, text } = query;
  return [
    ...listed("flow", query.flow),
    ...listed("status", query.status),
    ...listed("-status", query.notStatus),
    ...listed("queue", query.queue),
    ...(key === undefined
      ? []
      : [`key:${typeof key === "string" ? quoted(key) : prefix(key.prefix)}`]),
    ...(query.tags ?? []).map((tag) => `tag:${quoted(tag)}`),
    ...listed("tag", query.anyTag),
    ...window("submitted", query.submitted),
    ...window("started", query.started),
    ...window("closed", query.closed),
    ...listed("parent", query.parent),
    ...listed("root", query.root),
    ...listed("worker", query.worker),
    ...listed("error", query.fingerprint),
    ...(query.attributes ?? []).map(condition),
    ...(archived === undefined ? [] : [`archived:${archived ? "yes" : "no"}`]),
    ...(order === undefined
      ? []
      : [`order:${order.direction === "descending" ? "-" : ""}${order.by}`]),
    ...listed("text", text),
  ].join(" ");
}

function listed(field: string, values: string | readonly string[] | undefined): readonly string[] {
  if (values === undefined) return [];
  const all = [values].flat();
  if (all.length === 0)
    throw new InvalidOptionError(field, "[]", "give at least one, or leave it out");
  return [`${field}:${all.map(quoted).join(",")}`];
}

function window(field: string, { from, to }: TimeWindow = {}): readonly string[] {
  return [
    ...(from === undefined ? [] : [`${field}:>=${from.toISOString()}`]),
    ...(to === undefined ? [] : [`${field}:<${to.toISOString()}`]),
  ];
}

function condition({ name, is, value }: AttributeCondition): string {
  const operator = is === "=" ? ":" : is;
  if (typeof value === "string") return `attr.${name}${operator}${asText(value)}`;
  const text = typeof value === "object" ? value.toISOString() : numberText(value);
  return `attr.${name}${operator}${text}`;
}

/** Minus zero is a number of its own. */
function numberText(value: number | boolean): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function asText(value: string): string {
  const isText = readAttributeValue({ text: value, isLiteral: false }).type === "text";
  return isText ? quoted(value) : inQuotes(value);
}

function prefix(text: string): string {
  return text === "" ? "*" : `${quoted(text)}*`;
}

function quoted(text: string): string {
  return PLAIN.test(text) ? text : inQuotes(text);
}

/** Of characters that mean nothing in a query, wherever they stand. */
const PLAIN = /^[A-Za-z0-9_./@:+-]+$/;

function inQuotes(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}
