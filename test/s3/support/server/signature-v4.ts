/**
 * AWS Signature Version 4 as S3 checks it, after "Authenticating Requests: Using the Authorization Header" of the Amazon S3
 * API reference. Only single-chunk payloads; the canonical URI is not encoded twice, as S3 alone has it.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { S3Failure } from "./s3-failure.ts";

/** Why a request is not authentic, or nothing when it is. The payload's hash is compared elsewhere. */
export function checkSignature(request: SignedRequest, account: Account): S3Failure | undefined {
  const claim = claimOf(request.headers["authorization"]);
  if ("code" in claim) return claim;
  const { signed, signature } = claim;
  const refused = checkScope(claim, request, account);
  if (refused !== undefined) return refused;
  const unsigned = Object.keys(request.headers).find(
    (name) => (name === "host" || name.startsWith("x-amz-")) && !signed.includes(name),
  );
  if (unsigned !== undefined) return failure(403, "AccessDenied", `${unsigned} is not signed`);
  const time = request.headers["x-amz-date"] ?? "";
  const expected = signatureOf(request, account, { time, signed });
  if (timingSafeEqual(Buffer.from(expected), Buffer.from(signature))) return undefined;
  return failure(403, "SignatureDoesNotMatch", "The signature that was calculated is another");
}

/** What an Authorization header says. */
interface Claim {
  readonly credential: string;
  readonly signed: readonly string[];
  readonly signature: string;
}

function claimOf(header: string | undefined): Claim | S3Failure {
  if (header === undefined) return failure(403, "AccessDenied", "There is no Authorization header");
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/.exec(
      header,
    );
  if (match === null) return failure(400, "AuthorizationHeaderMalformed", header);
  const [, credential = "", signedHeaders = "", signature = ""] = match;
  return { credential, signed: signedHeaders.split(";"), signature };
}

/** Who signed, for what, and when. */
function checkScope(
  { credential }: Claim,
  { headers, now }: SignedRequest,
  account: Account,
): S3Failure | undefined {
  const [accessKeyId, date = "-", region, ...rest] = credential.split("/");
  if (rest.join("/") !== "s3/aws4_request" || region !== account.region) {
    return failure(400, "AuthorizationHeaderMalformed", credential);
  }
  if (accessKeyId !== account.accessKeyId) return failure(403, "InvalidAccessKeyId", credential);
  const time = headers["x-amz-date"] ?? "";
  if (!/^\d{8}T\d{6}Z$/.test(time) || !time.startsWith(date)) {
    return failure(403, "AccessDenied", "x-amz-date is missing or is not of the credential's day");
  }
  const isSkewed = Math.abs(parseTime(time) - now) > MAX_SKEW_MS;
  return isSkewed ? failure(403, "RequestTimeTooSkewed", time) : undefined;
}

/** The signature of a request that says which of its headers are signed. */
export function signatureOf(
  request: SignedRequest,
  { secretAccessKey, region }: Account,
  { time, signed }: { readonly time: string; readonly signed: readonly string[] },
): string {
  const [path = "/", query = ""] = request.url.split("?", 2);
  const names = signed.toSorted();
  const canonicalRequest = [
    request.method,
    uriEncode(decodeURIComponent(path), false),
    canonicalQuery(query),
    ...names.map((name) => `${name}:${trimmed(request.headers[name] ?? "")}`),
    "",
    names.join(";"),
    request.headers["x-amz-content-sha256"] ?? "",
  ].join("\n");
  const day = time.slice(0, 8);
  const scope = `${day}/${region}/s3/aws4_request`;
  const hash = createHash("sha256").update(canonicalRequest).digest("hex");
  const stringToSign = ["AWS4-HMAC-SHA256", time, scope, hash].join("\n");
  const key = [day, region, "s3", "aws4_request"].reduce<string | Buffer>(
    (secret, part) => createHmac("sha256", secret).update(part).digest(),
    `AWS4${secretAccessKey}`,
  );
  return createHmac("sha256", key).update(stringToSign).digest("hex");
}

export interface SignedRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export interface Account {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

const MAX_SKEW_MS = 15 * 60_000;

function canonicalQuery(query: string): string {
  if (query === "") return "";
  return query
    .split("&")
    .map((pair) => {
      const [name = "", value = ""] = pair.split("=", 2);
      return [name, value].map((part) => uriEncode(decodeURIComponent(part), true));
    })
    .toSorted(([a = "", x = ""], [b = "", y = ""]) => order(a, b) || order(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

/** Everything but the unreserved characters of RFC 3986; in a path the slash stays. */
function uriEncode(text: string, encodesSlash: boolean): string {
  const encoded = encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return encodesSlash ? encoded : encoded.replaceAll("%2F", "/");
}

function order(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function trimmed(value: string): string {
  return value.trim().replaceAll(/ +/g, " ");
}

function parseTime(time: string): number {
  const [, date = "", clock = ""] = /^(\d{8})T(\d{6})Z$/.exec(time) ?? [];
  const day = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`;
  return Date.parse(`${day}T${clock.slice(0, 2)}:${clock.slice(2, 4)}:${clock.slice(4)}Z`);
}

function failure(status: number, code: string, message: string): S3Failure {
  return { status, code, message };
}
