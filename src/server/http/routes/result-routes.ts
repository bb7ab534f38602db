import { Type } from "typebox";
import { type Duration, toMilliseconds } from "../../../engine/duration.ts";
import {
  ResultTimeoutError,
  RunCancelledError,
  RunCrashedError,
  RunFailedError,
} from "../../../engine/run-errors.ts";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";
import { given } from "../given.ts";
import { errorJson, valueJson } from "../payload-json.ts";
import { ErrorSchema } from "../schemas/error-schema.ts";
import { StatusRef } from "../schemas/run-schema.ts";
import { CLOSED, DurationText, named, RunIdParams, Value } from "../schemas/schema-parts.ts";

const ResultSchema = Type.Object(
  {
    id: Type.String(),
    status: StatusRef,
    output: Type.Optional(Value("What it gave, if it has completed with anything.")),
    error: Type.Optional(named(ErrorSchema)),
    reason: Type.Optional(Type.String({ description: "Why it was cancelled." })),
  },
  { $id: "RunResult", description: "How a run has ended." },
);

const NotEndedSchema = Type.Object(
  { id: Type.String(), status: StatusRef },
  { $id: "RunNotEnded", description: "It goes on: ask again." },
);

/** What came of a run. */
export const resultTopic: Topic = {
  schemas: [ResultSchema, NotEndedSchema],
  routes: addResultRoute,
};

function addResultRoute(api: Api, { millrace, limits, stopping }: ApiHost): void {
  api.get(
    "/runs/:id/result",
    {
      config: { scope: "read", waits: true, problems: [404, 422] },
      schema: {
        operationId: "getRunResult",
        summary: "The result of a run, waited for",
        description:
          "200 when it has ended, whichever way: look at `status`. 202 when it has not ended in the time that `wait` gives.",
        tags: ["runs"],
        params: RunIdParams,
        querystring: Type.Object(
          {
            wait: Type.Optional(
              DurationText(
                "How long to wait for its end, at most the server's limit. Default: not at all.",
              ),
            ),
          },
          CLOSED,
        ),
        response: { 200: named(ResultSchema), 202: named(NotEndedSchema) },
      },
    },
    async ({ params: { id }, query: { wait } }, reply) => {
      const handle = millrace.attach(id);
      const waitMs = Math.min(
        limits.waitMs,
        wait === undefined ? 0 : toMilliseconds(durationOf(wait)),
      );
      const state = await handle.state();
      if (!state.closed && waitMs === 0) return reply.code(202).send({ id, status: state.status });
      const left = new AbortController();
      const leave = (): void => left.abort();
      reply.raw.once("close", leave);
      if (reply.raw.destroyed) leave();
      // Also when it has begun to stop by now.
      const signal = AbortSignal.any([stopping, left.signal]);
      try {
        const timeout = state.closed ? limits.answerMs : Math.max(1, waitMs);
        const output = await handle.result({ timeout, signal });
        return await reply.code(200).send({
          id,
          status: "completed",
          ...given({ output: valueJson(output) }),
        });
      } catch (error) {
        if (signal.aborted || error instanceof ResultTimeoutError) {
          const { status } = await handle.state();
          return await reply.code(202).send({ id, status });
        }
        if (error instanceof RunFailedError && error.cause instanceof Error) {
          return await reply.send({ id, status: "failed", error: errorJson(error.cause) });
        }
        if (error instanceof RunCrashedError) return await reply.send({ id, status: "crashed" });
        if (!(error instanceof RunCancelledError)) throw error;
        return await reply.send({ id, status: "cancelled", reason: error.reason });
      } finally {
        reply.raw.off("close", leave);
      }
    },
  );
}

/** What stands in an address is text, a number of milliseconds too. */
function durationOf(text: string | number): Duration {
  return typeof text === "string" && /^\d+$/.test(text) ? Number(text) : (text as Duration);
}
