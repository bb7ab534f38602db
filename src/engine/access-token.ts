import { InvalidOptionError } from "./usage-errors.ts";

/** Who may use the HTTP API, and for what. The secret is nowhere: only its hash. */
export interface AccessToken {
  /** 12 letters and digits, the part of the token that is not secret. */
  readonly id: string;
  /** What it is for, as whoever made it says. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** SHA-256 of the secret: 64 hex digits. */
  readonly hash: string;
  /** Milliseconds since 1970; 0 for never. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number;
}

/**
 * What a token allows: `read` to look at everything, `submit` to bring in runs and signals, `control` to stop and resume runs
 * and to change queues, `admin` all of that and the tokens themselves.
 */
export type Scope = "read" | "submit" | "control" | "admin";

export const SCOPES: readonly Scope[] = Object.freeze(["read", "submit", "control", "admin"]);

export function isScope(value: unknown): value is Scope {
  return SCOPES.some((scope) => scope === value);
}

/** True when a token with these scopes may do what needs `scope`. */
export function allows(scopes: readonly Scope[], scope: Scope): boolean {
  return scopes.includes(scope) || scopes.includes("admin");
}

/** @throws {@link InvalidOptionError} */
export function checkScopes(scopes: readonly unknown[]): readonly Scope[] {
  const wrong = scopes.find((scope) => !isScope(scope));
  if (wrong !== undefined || scopes.length === 0) {
    throw new InvalidOptionError("scopes", wrong ?? "", `give one or more of ${SCOPES.join(", ")}`);
  }
  return SCOPES.filter((scope) => scopes.includes(scope));
}
