import type { WebhookSecret } from "./webhook-spec.ts";

/**
 * Where webhooks of others come in, `POST /hooks/<name>` on a server, as it stands in its control record `hook.<name>`: how they are
 * verified, and which event is made of them.
 */
export interface Hook {
  /** A token. */
  readonly name: string;
  readonly kind: HookKind;
  /** One or two, the newest first: what is signed with any of them is taken. */
  readonly secrets: readonly WebhookSecret[];
  /** The event's type. `{event}` in it stands for what the sender calls it. */
  readonly type: string;
  /** For `token`: the header that carries it. */
  readonly header: string | undefined;
  /** 1 for the first; one more for each change. */
  readonly version: number;
  readonly createdAt: number;
  readonly changedAt: number;
}

/**
 * Who signs, and how: `standard` for Standard Webhooks, `github`, `stripe`, and `token` for everybody who only sends a text
 * that both know.
 */
export type HookKind = "standard" | "github" | "stripe" | "token";

export const HOOK_KINDS: readonly HookKind[] = Object.freeze([
  "standard",
  "github",
  "stripe",
  "token",
]);

/** The type of a hook that was made without one. */
export function defaultHookType(kind: HookKind, name: string): string {
  return kind === "github" || kind === "stripe" ? `${kind}.{event}` : `${name}.{event}`;
}

/** The header of a token when nobody says otherwise: `Bearer <token>` stands there. */
export const DEFAULT_TOKEN_HEADER = "authorization";

/** Where the event's type has `{event}`, when the sender gives it no name. */
export const UNNAMED_EVENT = "received";

/**
 * The type of the event that a hook makes of what its sender calls `event`. What may not stand in a type becomes `_`; each of its
 * tokens may be filtered for.
 */
export function hookEventType(type: string, event: string | undefined): string {
  const tokens = (event ?? UNNAMED_EVENT)
    .slice(0, MAX_EVENT_NAME)
    .split(".")
    .map((token) => token.replaceAll(/[^A-Za-z0-9_-]/g, "_"))
    .filter((token) => token !== "");
  const name = tokens.length === 0 ? UNNAMED_EVENT : tokens.join(".");
  return type.replace("{event}", name);
}

/** So that a type of {@link MAX_HOOK_TYPE} characters stays one that an event may have. */
const MAX_EVENT_NAME = 64;

/** Longest type of a hook, with `{event}` in it at most once. */
export const MAX_HOOK_TYPE = 56;

/** For how long a delivery is known that came in already, in milliseconds. */
export const HOOK_MEMORY_MS = 3 * 86_400_000;
