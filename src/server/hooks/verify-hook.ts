import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { DEFAULT_TOKEN_HEADER, type Hook } from "../../engine/hook-spec.ts";
import { HookUnverifiedError } from "../../engine/webhook-errors.ts";
import { isObject } from "../../wire/control-json.ts";

/**
 * Checks that a request comes from whoever knows one of the hook's secrets, over the bytes as they came, before anything reads them.
 * `now`: milliseconds since 1970.
 * @throws {@link HookUnverifiedError}
 */
export function verifyHook(hook: Hook, request: HookRequest, now: number): void {
  const refuse = (why: string): HookUnverifiedError => new HookUnverifiedError(hook.name, why);
  switch (hook.kind) {
    case "standard":
      return verifyStandard(hook, request, refuse);
    case "github":
      return verifyGitHub(hook, request, refuse);
    case "stripe":
      return verifyStripe(hook, request, now, refuse);
    case "token":
      return verifyToken(hook, request, refuse);
  }
}

/** What came in. Names of headers are in lower case. */
export interface HookRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

/** By what a sender knows a delivery, and what it calls the event. Both are the sender's text. */
export interface HookMessage {
  readonly id: string;
  readonly event: string | undefined;
}

/** Reads what a verified request is about. `data`: its body, read as JSON. */
export function hookMessage(
  { kind }: Pick<Hook, "kind">,
  request: HookRequest,
  data: unknown,
): HookMessage {
  const fields = isObject(data) ? data : {};
  const type = textOf(fields["type"]);
  const fromBody = `sha256-${createHash("sha256").update(request.body).digest("base64url")}`;
  switch (kind) {
    case "standard":
      return { id: header(request, "webhook-id") ?? fromBody, event: type };
    case "github":
      return {
        id: header(request, "x-github-delivery") ?? fromBody,
        event: header(request, "x-github-event"),
      };
    case "stripe":
      return { id: textOf(fields["id"]) ?? fromBody, event: type };
    case "token":
      return {
        id: header(request, "webhook-id") ?? header(request, "idempotency-key") ?? fromBody,
        event: type,
      };
  }
}

type Refuse = (why: string) => HookUnverifiedError;

function verifyStandard({ secrets }: Hook, request: HookRequest, refuse: Refuse): void {
  const headers = Object.fromEntries(
    ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => [
      name,
      header(request, name) ?? "",
    ]),
  );
  let why = "";
  for (const { secret } of secrets) {
    try {
      new Webhook(secret).verify(request.body, headers, { jsonParse: false });
      return;
    } catch (error) {
      why = error instanceof Error ? error.message : String(error);
    }
  }
  throw refuse(`${lowerFirst(why)} (webhook-id, webhook-timestamp, webhook-signature)`);
}

function verifyGitHub({ secrets }: Hook, request: HookRequest, refuse: Refuse): void {
  const given = header(request, "x-hub-signature-256");
  if (given === undefined) throw refuse("there is no header x-hub-signature-256");
  const isRight = anyOf(secrets, ({ secret }) => {
    const expected = createHmac("sha256", secret).update(request.body).digest("hex");
    return isSame(given, `sha256=${expected}`);
  });
  if (!isRight) throw refuse("x-hub-signature-256 does not match");
}

function verifyStripe({ secrets }: Hook, request: HookRequest, now: number, refuse: Refuse): void {
  const parts = (header(request, "stripe-signature") ?? "")
    .split(",")
    .slice(0, MOST_SIGNATURES)
    .map((part) => part.trim().split("=", 2));
  const time = parts.find(([name]) => name === "t")?.[1] ?? "";
  const signatures = parts.flatMap(([name, value = ""]) => (name === "v1" ? [value] : []));
  if (!/^\d{1,12}$/.test(time) || signatures.length === 0) {
    throw refuse("there is no header stripe-signature with t= and v1=");
  }
  const isRight = anyOf(secrets, ({ secret }) => {
    const mac = createHmac("sha256", secret).update(`${time}.`).update(request.body).digest("hex");
    return anyOf(signatures, (given) => isSame(given, mac));
  });
  if (!isRight) throw refuse("stripe-signature does not match");
  if (Math.abs(now / 1_000 - Number(time)) > TOLERANCE_S) {
    throw refuse(`stripe-signature was not made within ${TOLERANCE_S} s of now`);
  }
}

function verifyToken({ secrets, header: name }: Hook, request: HookRequest, refuse: Refuse): void {
  const from = name ?? DEFAULT_TOKEN_HEADER;
  const given = header(request, from)?.replace(/^Bearer +/i, "");
  if (given === undefined) throw refuse(`there is no header ${from}`);
  if (!anyOf(secrets, ({ secret }) => isSame(given, secret))) {
    throw refuse(`header ${from} does not carry the token`);
  }
}

/** As Stripe's own libraries, and Standard Webhooks. */
const TOLERANCE_S = 300;
const MOST_SIGNATURES = 16;

/** In constant time: how much of a guess is right, and how long the secret is, must not show. */
function isSame(given: string, expected: string): boolean {
  const [one, other] = [given, expected].map((text) => createHash("sha256").update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}

/** Looks at all of them: which one is right must not show either. */
function anyOf<T>(values: readonly T[], is: (value: T) => boolean): boolean {
  return values.map(is).includes(true);
}

function header({ headers }: HookRequest, name: string): string | undefined {
  const [value] = [headers[name]].flat();
  return value === "" ? undefined : value;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function lowerFirst(text: string): string {
  return `${text.slice(0, 1).toLowerCase()}${text.slice(1)}`;
}
