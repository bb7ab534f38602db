import { nearestName } from "./nearest-name.ts";

/**
 * Reads an object that came from outside, member by member. What is read from it knows its path, and what is left over when
 * everything known was taken is refused.
 */
export class Members {
  readonly #object: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #refuse: Refuse;
  readonly #taken = new Set<string>();

  constructor(value: unknown, path: string, refuse: Refuse) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      refuse(path, "give an object");
    }
    this.#object = value as Readonly<Record<string, unknown>>;
    this.#path = path;
    this.#refuse = refuse;
  }

  /** A member that must be there. */
  take<T>(name: string, read: Read<T>): T {
    const found = this.maybe(name, read);
    return found ?? this.#refuse(this.pathOf(name), "it is missing");
  }

  /** A member that may be left out. */
  maybe<T>(name: string, read: Read<T>): T | undefined {
    this.#taken.add(name);
    const value = Object.hasOwn(this.#object, name) ? this.#object[name] : undefined;
    return value === undefined ? undefined : read(value, this.pathOf(name));
  }

  /** The same as part of an object: `{}` when it is left out. */
  part<Name extends string, T>(name: Name, read: Read<T>): { readonly [K in Name]?: T } {
    const value = this.maybe(name, read);
    return (value === undefined ? {} : { [name]: value }) as { readonly [K in Name]?: T };
  }

  /** Refuses members that nobody took. */
  close(): void {
    for (const name of Object.keys(this.#object)) {
      if (this.#taken.has(name) || this.#object[name] === undefined) continue;
      const known = [...this.#taken];
      const near = nearestName(name, known);
      const next = near === undefined ? `there are ${known.join(", ")}` : `did you mean ${near}?`;
      this.#refuse(this.pathOf(name), `there is no such member; ${next}`);
    }
  }

  pathOf(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }
}

/** Throws the error that says what is wrong at a path. */
export type Refuse = (path: string, rule: string) => never;

/** Checks a value that stands at a path, and gives it back as what it is. */
export type Read<T> = (value: unknown, path: string) => T;
