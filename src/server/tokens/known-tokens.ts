import type { AccessToken } from "../../engine/access-token.ts";
import type { Clock } from "../../ports/clock.ts";
import { type AccessTokens, isValid, KNOWN_MS } from "./access-tokens.ts";

/** Tokens that were verified a moment ago, so that not every request asks the broker. Bounded. */
export class KnownTokens {
  readonly #tokens: AccessTokens;
  readonly #clock: Clock;
  /** By the token's text, the longest known first. */
  readonly #known = new Map<string, { readonly token: AccessToken; readonly until: number }>();

  constructor(tokens: AccessTokens, clock: Clock) {
    this.#tokens = tokens;
    this.#clock = clock;
  }

  /** Without asking anybody: nothing when it is not known, or not for sure any more. */
  known(text: string): AccessToken | undefined {
    const found = this.#known.get(text);
    const now = this.#clock.now();
    if (found === undefined || found.until <= now) return undefined;
    return isValid(found.token, now) ? found.token : undefined;
  }

  /** @throws {@link BrokerError} when it is not known and the broker is away. */
  async verify(text: string): Promise<AccessToken | undefined> {
    const known = this.known(text);
    if (known !== undefined) return known;
    this.#known.delete(text);
    // From before the look-up: what is revoked while it is under way is not known for longer.
    const until = this.#clock.now() + KNOWN_MS;
    const token = await this.#tokens.verify(text);
    if (token === undefined) return undefined;
    const oldest = this.#known.keys().next();
    if (this.#known.size >= MOST_KNOWN && oldest.done !== true) this.#known.delete(oldest.value);
    this.#known.set(text, { token, until });
    return token;
  }
}

const MOST_KNOWN = 1_000;
