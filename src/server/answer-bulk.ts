import type { BulkJson } from "../client/bulk-handle.ts";
import type { BulkJob } from "../engine/bulk-job.ts";
import { cancelBulkJob, countBulk, createBulkJob, readBulkJob } from "./bulk-job-records.ts";
import { type Question, textIn } from "./question.ts";
import type { ServerHost } from "./server-host.ts";

/** What `millrace.runs` asks about bulk jobs, by subject. */
export const BULK_TOPICS: Readonly<
  Record<string, (host: ServerHost, question: Question) => Promise<object>>
> = {
  "bulk.count": async (host, question) => ({ count: await countBulk(host, queryIn(question)) }),
  "bulk.create": async (host, question) => {
    const reason = textIn(question, "reason") ?? "";
    const query = queryIn(question);
    return bulkJson(await createBulkJob(host, { query, action: { type: "cancel", reason } }));
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

function queryIn(question: Question): string {
  return textIn(question, "query") ?? "";
}

function idIn(question: Question): string {
  return textIn(question, "id") ?? "";
}
