import type { StandardSchemaV1 } from "@standard-schema/spec";
import { isPrintable, isToken } from "../../engine/names.ts";
import type { WebhookInput } from "../../engine/webhook-spec.ts";
import { isObject } from "../../wire/control-json.ts";

/** What a delivery takes, checked: anybody may submit one. */
export const webhookInput: StandardSchemaV1<WebhookInput, WebhookInput> = {
  "~standard": {
    version: 1,
    vendor: "millrace",
    validate: (value) => {
      const issues = problemsOf(value);
      return issues.length === 0
        ? { value: value as WebhookInput }
        : { issues: issues.map((message) => ({ message })) };
    },
  },
};

function problemsOf(value: unknown): readonly string[] {
  if (!isObject(value)) return ["give { webhook, body }"];
  const { webhook, body, id, type, timestamp } = value;
  return [
    ...(isToken(webhook) ? [] : ["webhook: the name of an endpoint"]),
    ...(body === undefined ? ["body: what is to be sent"] : []),
    // It stands in a header, and before a dot in what is signed.
    ...(id === undefined || (isText(id) && /^[\x21-\x7e]+$/.test(id))
      ? []
      : ["id: text of ASCII without spaces"]),
    ...(type === undefined || isText(type) ? [] : ["type: text"]),
    ...(timestamp === undefined || isText(timestamp) ? [] : ["timestamp: ISO text"]),
  ];
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= 256 && isPrintable(value);
}
