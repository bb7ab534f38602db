import {
  DEFAULT_TOKEN_HEADER,
  defaultHookType,
  HOOK_KINDS,
  type Hook,
  type HookKind,
  hookEventType,
  MAX_HOOK_TYPE,
} from "../engine/hook-spec.ts";
import { checkToken } from "../engine/names.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import { HookNotFoundError } from "../engine/webhook-errors.ts";
import { decodeHook, encodeHook, HOOKS, hookKey } from "../wire/hook-codec.ts";
import { changeRecord, listRecords, type RecordHost, readRecord } from "./change-record.ts";
import { type HookView, hookView } from "./hook-view.ts";
import {
  checkStandardSecret,
  checkTextSecret,
  checkTokenSecret,
  newSecret,
  randomSecret,
  withSecret,
} from "./webhook-secret.ts";

/**
 * Where webhooks of others come in: `POST /hooks/<name>` on any server of the namespace verifies them and makes an event of each,
 * once.
 */
export class Hooks {
  readonly #host: RecordHost;

  constructor(host: RecordHost) {
    this.#host = host;
  }

  /** All hooks, by name. */
  async list(): Promise<readonly HookView[]> {
    const hooks = await listRecords(this.#host, KIND, HOOKS);
    return hooks.map(hookView).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws {@link HookNotFoundError} */
  async get(name: string): Promise<HookView> {
    return hookView(await this.open(name));
  }

  /** A hook with its secrets: for whoever verifies. @throws {@link HookNotFoundError} */
  async open(name: string): Promise<Hook> {
    const hook = await readRecord(this.#host, KIND, keyOf(name));
    if (hook === undefined) throw new HookNotFoundError(name);
    return hook;
  }

  /**
   * Makes a hook, or changes what is given of one that is there. A new one without a secret gets one: `secret` is there then, this
   * once. A secret that is given is added to the one before: both are taken until the next.
   * @throws {@link InvalidNameError}, {@link InvalidOptionError} before anything is written
   */
  async put(name: string, options: HookOptions): Promise<MadeHook> {
    const now = this.#host.clock.now();
    const { kind, type, header, secret } = options;
    if (kind !== undefined && !HOOK_KINDS.includes(kind)) {
      throw new InvalidOptionError("kind", kind, `give one of ${HOOK_KINDS.join(", ")}`);
    }
    const given = {
      ...(type === undefined ? {} : { type: checkType(type) }),
      ...(header === undefined ? {} : { header: checkHeader(header) }),
    };
    let generated: string | undefined;
    const made = await changeRecord(this.#host, KIND, keyOf(name), (before) => {
      const is = kind ?? before?.kind;
      if (is === undefined) throw new HookNotFoundError(name);
      const isOther = before !== undefined && before.kind !== is;
      // Keys of another kind are of no use.
      const start = before === undefined || isOther ? newHook(name, is, before, now) : before;
      if (secret === undefined && start.secrets.length === 0) generated ??= secretFor(is);
      const added = secret === undefined ? generated : checkSecret(is, secret);
      const isNew = added !== undefined && !start.secrets.some((one) => one.secret === added);
      const secrets = isNew ? withSecret(start.secrets, newSecret(added, now)) : start.secrets;
      return { ...start, ...given, secrets, version: start.version + 1, changedAt: now };
    });
    return shown(name, made, generated);
  }

  /**
   * Adds a secret and keeps the one before: both are taken until the next. `secret` is there this once.
   * @throws {@link HookNotFoundError}, {@link InvalidOptionError}
   */
  async rotate(name: string, options: { readonly secret?: string } = {}): Promise<MadeHook> {
    const { kind } = await this.open(name);
    const { secret = secretFor(kind) } = options;
    const made = await this.put(name, { secret });
    return options.secret === undefined ? { ...made, secret } : made;
  }

  /** Removes a hook: what is sent there is refused with 404. @throws {@link HookNotFoundError} */
  async remove(name: string): Promise<void> {
    await this.open(name);
    await changeRecord(this.#host, KIND, keyOf(name), () => undefined);
  }
}

/** What of a hook can be settled. Only the kind has to be, and only of a new one. */
export interface HookOptions {
  readonly kind?: HookKind;
  /**
   * The secret that the sender has: of `stripe`, what Stripe shows. Default: one is made for a new hook, of every other kind.
   */
  readonly secret?: string;
  /**
   * The type of its events; `{event}` in it stands for what the sender calls it. Default `github.{event}`, `stripe.{event}`, otherwise
   * the hook's name and `{event}`.
   */
  readonly type?: string;
  /** For `token`: the header that carries it. Default `authorization`, with `Bearer` before it. */
  readonly header?: string;
}

/** A hook that was just made or changed. */
export interface MadeHook extends HookView {
  /** The secret that was made: give it to the sender now, it is not shown again. */
  readonly secret?: string;
}

const KIND = { encode: encodeHook, decode: decodeHook };

function keyOf(name: string): string {
  return hookKey(checkToken("A hook's name", name));
}

function newHook(name: string, kind: HookKind, before: Hook | undefined, now: number): Hook {
  return {
    name,
    kind,
    secrets: [],
    type: defaultHookType(kind, name),
    header: kind === "token" ? DEFAULT_TOKEN_HEADER : undefined,
    version: before?.version ?? 0,
    createdAt: before?.createdAt ?? now,
    changedAt: now,
  };
}

/** @throws {@link InvalidOptionError} for Stripe, which makes its secrets itself. */
function secretFor(kind: HookKind): string {
  if (kind !== "stripe") return randomSecret();
  throw new InvalidOptionError("secret", "", "give the signing secret that Stripe shows");
}

function checkSecret(kind: HookKind, secret: string): string {
  if (kind === "standard") return checkStandardSecret(secret);
  return kind === "token" ? checkTokenSecret(secret) : checkTextSecret(secret);
}

/** @throws {@link InvalidOptionError} */
function checkType(type: string): string {
  const sample = hookEventType(type, "event");
  const isType = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/.test(sample);
  if (isType && !/^millrace(?:\.|$)/.test(sample) && type.length <= MAX_HOOK_TYPE) return type;
  const rule = `use letters, digits, _ and - with dots between, ${MAX_HOOK_TYPE} characters at most, such as github.{event}; what begins with millrace. is Millrace's own`;
  throw new InvalidOptionError("type", type, rule);
}

/** @throws {@link InvalidOptionError} */
function checkHeader(header: string): string {
  const name = header.toLowerCase();
  if (/^[a-z0-9-]{1,64}$/.test(name)) return name;
  throw new InvalidOptionError("header", header, "give a header's name");
}

function shown(name: string, hook: Hook | undefined, generated: string | undefined): MadeHook {
  if (hook === undefined) throw new HookNotFoundError(name);
  return { ...hookView(hook), ...(generated === undefined ? {} : { secret: generated }) };
}
