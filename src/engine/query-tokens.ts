/**
 * Takes a query apart into terms, without knowing what they mean: one pass over its characters, none looked at twice but by a
 * constant number of steps, so that no text takes long.
 */
import { QueryError, type QueryTrouble } from "./query-error.ts";

/** @throws {@link QueryError} */
export function queryTerms(query: string): readonly QueryTerm[] {
  if (query.length > MAX_QUERY) {
    throw new QueryError(query, {
      problem: "too-long",
      message: `The query has ${query.length} characters`,
      at: MAX_QUERY,
      length: query.length - MAX_QUERY,
      expected: `at most ${MAX_QUERY}`,
    });
  }
  return new Scanner(query).terms();
}

/** Longest query, in UTF-16 units. */
const MAX_QUERY = 8_192;

/** Where something stands in a query. */
export interface Span {
  readonly at: number;
  readonly length: number;
}

/** `-field:>value,value`, or a lone word or quoted text. */
export interface QueryTerm extends Span {
  /** It began with a minus. */
  readonly isExcluded: boolean;
  /** As it was written, without colon; nothing for a lone word. */
  readonly field: QueryField | undefined;
  readonly operator: QueryOperator | undefined;
  /** At least one. */
  readonly values: readonly QueryValue[];
}

export interface QueryField extends Span {
  readonly name: string;
}

export interface QueryOperator extends Span {
  readonly is: "=" | ">" | ">=" | "<" | "<=";
}

export interface QueryValue extends Span {
  /** Without quotes and backslashes. */
  readonly text: string;
  /** It was quoted, or a character of it was escaped: it means its text and nothing else. */
  readonly isLiteral: boolean;
  /** A star that was neither quoted nor escaped came last. It is not in the text. */
  readonly hasStar: boolean;
}

class Scanner {
  readonly #query: string;
  #at = 0;

  constructor(query: string) {
    this.#query = query;
  }

  terms(): readonly QueryTerm[] {
    const terms: QueryTerm[] = [];
    this.#skipSpace();
    while (this.#at < this.#query.length) {
      terms.push(this.#term());
      this.#skipSpace();
    }
    return terms;
  }

  #term(): QueryTerm {
    const at = this.#at;
    const isExcluded = this.#take("-");
    const field = this.#field();
    if (field === undefined) {
      const values = [this.#value(isWordEnd)];
      return { at, length: this.#at - at, isExcluded, field, operator: undefined, values };
    }
    this.#take(":");
    const operator = this.#operator();
    const values = [this.#value(isListEnd)];
    while (this.#take(",")) values.push(this.#value(isListEnd));
    return { at, length: this.#at - at, isExcluded, field, operator, values };
  }

  /** A name that a colon or an operator follows. */
  #field(): QueryField | undefined {
    const at = this.#at;
    let end = at;
    while (isNameChar(this.#query[end])) end++;
    if (end === at || !":<>=".includes(this.#query[end] ?? " ")) return undefined;
    this.#at = end;
    return { at, length: end - at, name: this.#query.slice(at, end) };
  }

  #operator(): QueryOperator | undefined {
    const at = this.#at;
    const first = this.#query[at];
    if (first !== ">" && first !== "<" && first !== "=") return undefined;
    this.#at++;
    if (first === "=") return { at, length: 1, is: "=" };
    const orEqual = this.#take("=");
    return { at, length: this.#at - at, is: orEqual ? `${first}=` : first };
  }

  #value(isEnd: (char: string) => boolean): QueryValue {
    const at = this.#at;
    const isQuoted = this.#take('"');
    const { text, hasEscape } = isQuoted ? this.#quoted(at) : this.#bare(isEnd);
    const hasStar = this.#take("*");
    const length = this.#at - at;
    const next = this.#query[this.#at];
    if (next !== undefined && !isEnd(next)) {
      if (hasStar) this.#failAtStar();
      this.#fail({
        problem: "misplaced-character",
        message: `${shown(next)} cannot stand here`,
        at: this.#at,
        length: 1,
        expected: isQuoted
          ? "a space after the closing quote"
          : `a backslash before it, or the whole value in quotes`,
      });
    }
    if (length === 0) {
      this.#fail({
        problem: "missing-value",
        message: "A value is missing",
        at,
        length: 1,
        expected: 'a word, or a text in "quotes"',
      });
    }
    return { at, length, text, isLiteral: isQuoted || hasEscape, hasStar };
  }

  #quoted(start: number): Scanned {
    const parts: string[] = [];
    for (;;) {
      const char = this.#query[this.#at];
      if (char === undefined) {
        this.#fail({
          problem: "unclosed-quote",
          message: "This quote is not closed",
          at: start,
          length: 1,
          expected: 'another " at the end of the text',
        });
      }
      this.#at++;
      if (char === '"') return { text: parts.join(""), hasEscape: false };
      parts.push(char === "\\" ? this.#escaped() : char);
    }
  }

  /** Up to a space, a comma where there may be a list, a star, or a quote. */
  #bare(isEnd: (char: string) => boolean): Scanned {
    const parts: string[] = [];
    let hasEscape = false;
    for (;;) {
      const char = this.#query[this.#at];
      if (char === undefined || isEnd(char) || char === "*" || char === '"') {
        return { text: parts.join(""), hasEscape };
      }
      this.#at++;
      if (char === "\\") hasEscape = true;
      parts.push(char === "\\" ? this.#escaped() : char);
    }
  }

  #escaped(): string {
    const char = this.#query[this.#at];
    if (char !== undefined) {
      this.#at++;
      return char;
    }
    return this.#fail({
      problem: "missing-value",
      message: "A backslash ends the query",
      at: this.#at - 1,
      length: 1,
      expected: "the character that it stands before",
    });
  }

  #failAtStar(): never {
    return this.#fail({
      problem: "misplaced-character",
      message: "A star cannot stand within a value",
      at: this.#at - 1,
      length: 1,
      expected: "it at the end, for all that begins so, or a backslash before it",
    });
  }

  #take(char: string): boolean {
    if (this.#query[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    while (isSpace(this.#query[this.#at])) this.#at++;
  }

  #fail(trouble: QueryTrouble): never {
    throw new QueryError(this.#query, trouble);
  }
}

interface Scanned {
  readonly text: string;
  readonly hasEscape: boolean;
}

function isSpace(char: string | undefined): boolean {
  return char !== undefined && /\s/.test(char);
}

function isWordEnd(char: string): boolean {
  return isSpace(char);
}

function isListEnd(char: string): boolean {
  return char === "," || isSpace(char);
}

function isNameChar(char: string | undefined): boolean {
  return char !== undefined && /[A-Za-z0-9_.-]/.test(char);
}

function shown(char: string): string {
  return JSON.stringify(char);
}
