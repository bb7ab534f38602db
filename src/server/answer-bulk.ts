import type { BulkJson } from "../client/bulk-handle.ts";
import type { BulkJob } from "../engine/bulk-job.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import { decodeValue } from "../wire/value-codec.ts";
import {
  type BulkRequestAction,
  cancelBulkJob,
  countBulk,
  createBulkJob,
  readBulkJob,
} from "./bulk-job-records.ts";
import { type Question, textIn } from "./question.ts";
import type { ServerHost } from "./server-host.ts";

/** What `millrace.runs` asks about bulk jobs, by subject. */
export const BULK_TOPICS: Readonly<
  Record<string, (host: ServerHost, question: Question) => Promise<object>>
> = {
  "bulk.count": async (host, question) => ({ count: await countBulk(host, queryIn(question)) }),
  "bulk.create": async (host, question) => {
    const request = { query: queryIn(question), action: actionIn(question) };
    return bulkJson(await createBulkJob(host, request));
  },
  "bulk.read": async (host, question) => bulkJson(await readBulkJob(host, idIn(question))),
  "bulk.cancel": async (host, question) => bulkJson(await cancelBulkJob(host, idIn(question))),
};

/** A job as servers tell of it: times in ISO 8601. */
export function bulkJson({ action, createdAt, finishedAt, ...job }: BulkJob): BulkJson {
  return {
    ...job,
    action: action.type,
    createdAt: new Date(createdAt).toISOString(),
    ...(finishedAt === 0 ? {} : { finishedAt: new Date(finishedAt).toISOString() }),
  };
}

/** @throws {@link InvalidOptionError} */
function actionIn(question: Question): BulkRequestAction {
  const type = textIn(question, "action") ?? "cancel";
  switch (type) {
    case "cancel":
    case "terminate":
      return { type, reason: textIn(question, "reason") ?? "" };
    case "resume":
    case "rerun":
      return { type };
    case "fork":
      return { type, from: textIn(question, "from") ?? "" };
    case "signal": {
      const name = textIn(question, "name") ?? "";
      return { type, name, value: valueIn(question["value"]) };
    }
    default:
      throw new InvalidOptionError(
        "action",
        type,
        "give cancel, terminate, resume, rerun, fork or signal",
      );
  }
}

/** A value as a payload holds it, its bytes in base64. */
function valueIn(given: unknown): unknown {
  const { encoding, data } = (given ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof encoding === "string" && typeof data === "string") {
    return decodeValue({ encoding, data: Buffer.from(data, "base64") });
  }
  throw new InvalidOptionError("value", given, "give its encoding and data");
}

function queryIn(question: Question): string {
  return textIn(question, "query") ?? "";
}

function idIn(question: Question): string {
  return textIn(question, "id") ?? "";
}
