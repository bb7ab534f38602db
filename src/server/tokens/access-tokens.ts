import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { type AccessToken, checkScopes, type Scope } from "../../engine/access-token.ts";
import { isPrintable } from "../../engine/names.ts";
import { BrokerError, InvalidOptionError } from "../../engine/usage-errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ControlRecord, ControlStore } from "../../ports/control-store.ts";
import {
  ACCESS_TOKENS,
  accessTokenKey,
  decodeAccessToken,
  encodeAccessToken,
} from "../../wire/access-token-codec.ts";
import { TokenNotFoundError } from "./token-not-found-error.ts";

/** Makes, lists and revokes the tokens of a namespace. Each is a control record that holds the hash of its secret. */
export class AccessTokens {
  readonly #control: ControlStore;
  readonly #clock: Clock;

  constructor(control: ControlStore, clock: Clock) {
    this.#control = control;
    this.#clock = clock;
  }

  /**
   * Makes a token. Its text is given here and never again.
   * @throws {@link InvalidOptionError}, {@link BrokerError}
   */
  async create(options: NewToken): Promise<{ readonly token: AccessToken; readonly text: string }> {
    const now = this.#clock.now();
    const secret = randomBytes(SECRET_BYTES).toString("base64url");
    const token: AccessToken = {
      id: newId(),
      name: checkName(options.name),
      scopes: checkScopes(options.scopes),
      hash: hashOf(secret).toString("hex"),
      createdAt: now,
      expiresAt: checkExpiry(options.expiresAt, now),
      revokedAt: 0,
    };
    if (!(await this.#write(token, 0))) {
      throw new BrokerError(`Token ${token.id} was not stored. Nothing was made; try again.`);
    }
    return { token, text: `${PREFIX}_${token.id}_${secret}` };
  }

  /** All tokens, the newest first; a revoked or expired one for a week longer. */
  async list(): Promise<readonly AccessToken[]> {
    const records = await this.#control.list(ACCESS_TOKENS);
    const tokens = records.map(tokenOf).filter((token) => token !== undefined);
    return tokens.toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
  }

  /**
   * Makes a token worthless for good: everywhere within {@link KNOWN_MS}. Revoking it again changes nothing.
   * @throws {@link TokenNotFoundError}, {@link BrokerError}
   */
  async revoke(id: string): Promise<AccessToken> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const record = isId(id) ? await this.#control.read(accessTokenKey(id)) : undefined;
      const token = tokenOf(record);
      if (record === undefined || token === undefined) throw new TokenNotFoundError(id);
      if (token.revokedAt > 0) return token;
      const revoked = { ...token, revokedAt: this.#clock.now() };
      if (await this.#write(revoked, record.revision)) return revoked;
    }
    throw new BrokerError(`It is not known whether token ${id} was revoked. Try again.`);
  }

  /** Whose text this is, if it is a token's, valid now. Asks the broker. @throws {@link BrokerError} */
  async verify(text: string): Promise<AccessToken | undefined> {
    const parts = partsOf(text);
    if (parts === undefined) return undefined;
    const token = tokenOf(await this.#control.read(accessTokenKey(parts.id)));
    if (token === undefined || !isValid(token, this.#clock.now())) return undefined;
    return hasSecret(token, parts.secret) ? token : undefined;
  }

  async #write(token: AccessToken, expected: number): Promise<boolean> {
    const ends = Math.max(token.expiresAt, token.revokedAt);
    const ttlMs = ends === 0 ? undefined : ends - this.#clock.now() + SHOWN_AFTER_END_MS;
    const outcome = await this.#control.write(
      accessTokenKey(token.id),
      encodeAccessToken(token),
      expected,
      ttlMs === undefined ? {} : { ttlMs },
    );
    if (outcome.status !== "unknown") return outcome.status === "written";
    throw new BrokerError(`The broker did not confirm token ${token.id}. Try again.`, {
      cause: outcome.cause,
    });
  }
}

export interface NewToken {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Default: never. */
  readonly expiresAt?: Date;
}

/** How long a server takes a token for valid without asking again: so a revoked one is refused everywhere by then. */
export const KNOWN_MS = 5_000;

/** True when it is neither expired nor revoked. `now`: milliseconds since 1970. */
export function isValid({ expiresAt, revokedAt }: AccessToken, now: number): boolean {
  return revokedAt === 0 && (expiresAt === 0 || expiresAt > now);
}

const PREFIX = "mr";
const SECRET_BYTES = 32;
const ID_LENGTH = 12;
const MOST_TRIES = 8;
const MAX_NAME = 128;
const SHOWN_AFTER_END_MS = 7 * 24 * 3_600_000;
/** Later than this is as good as never, and a broker may not take it as a time to live. */
const LONGEST_LIFE_MS = 10 * 365 * 24 * 3_600_000;

function newId(): string {
  return randomBytes(ID_LENGTH / 2).toString("hex");
}

function isId(text: string): boolean {
  return new RegExp(`^[0-9a-f]{${ID_LENGTH}}$`).test(text);
}

function partsOf(text: string): { readonly id: string; readonly secret: string } | undefined {
  const [, id, secret] = /^mr_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

function hashOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** In constant time: how much of a guess is right must not show. */
function hasSecret(token: AccessToken, secret: string): boolean {
  return timingSafeEqual(Buffer.from(token.hash, "hex"), hashOf(secret));
}

function tokenOf(record: ControlRecord | undefined): AccessToken | undefined {
  const decoded = record === undefined ? undefined : decodeAccessToken(record.data);
  return decoded?.kind === "ok" ? decoded.value : undefined;
}

function checkName(name: string): string {
  const text = name.trim();
  if (text !== "" && text.length <= MAX_NAME && isPrintable(text)) return text;
  throw new InvalidOptionError(
    "name",
    name,
    `say in 1 to ${MAX_NAME} characters what the token is for`,
  );
}

/** Gives 0 for never, which no time may be taken for: 1970 is long over. */
function checkExpiry(given: Date | undefined, now: number): number {
  if (given === undefined) return 0;
  const expiresAt = given.getTime();
  if (expiresAt > now && expiresAt <= now + LONGEST_LIFE_MS) return expiresAt;
  throw new InvalidOptionError(
    "expires",
    expiresAt,
    "give a time in the future, at most 10 years from now, or none",
  );
}
