import type {
  DisablePolicy,
  WebhookDisabled,
  WebhookEndpoint,
  WebhookFailing,
  WebhookSecret,
} from "../engine/webhook-spec.ts";
import { decodeRecord, encodeRecord, isCount, isObject } from "./control-json.ts";
import type { Decoded } from "./decoded.ts";

/** What the keys of all endpoints of outgoing webhooks begin with. */
export const WEBHOOKS = "webhook";

/** The control record that holds an endpoint. */
export function webhookKey(name: string): string {
  return `${WEBHOOKS}.${name}`;
}

export function encodeWebhook(endpoint: WebhookEndpoint): Uint8Array {
  return encodeRecord(endpoint);
}

export function decodeWebhook(bytes: Uint8Array): Decoded<WebhookEndpoint> {
  return decodeRecord(bytes, (fields) => {
    const { name, url, secrets, headers, timeoutMs, retryDelaysMs, disableAfter } = fields;
    const { disabled, failing, version, createdAt, changedAt } = fields;
    if (typeof name !== "string" || typeof url !== "string") return "it has no name and URL";
    if (!isSecrets(secrets)) return "it has no secrets";
    if (!isTexts(headers)) return "its headers are none";
    if (!isCount(timeoutMs) || !isTimes(retryDelaysMs)) return "its times are none";
    if (!isOr(disableAfter, isPolicy)) return "it does not say when to give up";
    if (!isOr(disabled, isDisabled)) return "it does not say why it is disabled";
    if (!isOr(failing, isFailing)) return "it does not say how it fails";
    if (!isCount(version) || !isTime(createdAt) || !isTime(changedAt)) return "it has no version";
    return {
      name,
      url,
      secrets,
      headers,
      timeoutMs,
      retryDelaysMs,
      disableAfter,
      disabled,
      failing,
      version,
      createdAt,
      changedAt,
    };
  });
}

/** One or two, each with its id. */
export function isSecrets(value: unknown): value is readonly WebhookSecret[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(
      (one) =>
        isObject(one) &&
        typeof one["id"] === "string" &&
        typeof one["secret"] === "string" &&
        isTime(one["createdAt"]),
    )
  );
}

export function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isTimes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(isTime);
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every((text) => typeof text === "string");
}

function isOr<T>(value: unknown, is: (value: unknown) => value is T): value is T | undefined {
  return value === undefined || is(value);
}

function isPolicy(value: unknown): value is DisablePolicy {
  return isObject(value) && isTime(value["afterMs"]) && isCount(value["attempts"]);
}

function isFailing(value: unknown): value is WebhookFailing {
  return isObject(value) && isTime(value["since"]) && isCount(value["attempts"]);
}

function isDisabled(value: unknown): value is WebhookDisabled {
  return (
    isObject(value) &&
    isTime(value["at"]) &&
    typeof value["reason"] === "string" &&
    ["request", "failures", "gone"].includes(String(value["by"])) &&
    typeof value["isTold"] === "boolean"
  );
}
