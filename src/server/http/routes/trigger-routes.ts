import { type Static, Type } from "typebox";
import type { TestedEvent, TriggerTest, TriggerTestOptions } from "../../../client/test-trigger.ts";
import type { TriggerView } from "../../../client/triggers.ts";
import { triggerSpecOf } from "../../../definition/trigger-spec-of.ts";
import type { Duration } from "../../../engine/duration.ts";
import type { ExpressionError } from "../../../engine/expression-error.ts";
import { InvalidOptionError } from "../../../engine/usage-errors.ts";
import type { Api, ApiHost } from "../api-host.ts";
import type { Topic } from "../create-api.ts";
import { given } from "../given.ts";
import { CLOSED, named } from "../schemas/schema-parts.ts";
import {
  TestOptions,
  TriggerBody,
  TriggerSchema,
  TriggerTestSchema,
} from "../schemas/trigger-schema.ts";

const TriggerParams = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 128, description: "The trigger's name." }),
});

const EMPTY = Type.Object({}, CLOSED);
const TRIGGER = named(TriggerSchema);
const TEST = named(TriggerTestSchema);

/** Triggers: what is done when something happens. */
export const triggerTopic: Topic = {
  schemas: [TriggerSchema, TriggerTestSchema],
  routes: (api, host) => {
    addReading(api, host);
    addChanging(api, host);
    addPausing(api, host);
  },
};

function addReading(api: Api, { millrace }: ApiHost): void {
  api.get(
    "/triggers",
    {
      config: { scope: "read" },
      schema: {
        operationId: "listTriggers",
        summary: "All triggers, by name",
        tags: ["triggers"],
        response: { 200: Type.Object({ triggers: Type.Array(TRIGGER) }) },
      },
    },
    async () => ({ triggers: (await millrace.triggers.list()).map(triggerJson) }),
  );
  api.get(
    "/triggers/:name",
    {
      config: { scope: "read", problems: [404] },
      schema: {
        operationId: "getTrigger",
        summary: "A trigger as it stands",
        tags: ["triggers"],
        params: TriggerParams,
        response: { 200: TRIGGER },
      },
    },
    async ({ params: { name } }) => triggerJson(await millrace.triggers.get(name)),
  );
  api.post(
    "/triggers/:name/test",
    {
      config: { scope: "read", problems: [404] },
      schema: {
        operationId: "testTrigger",
        summary: "What a trigger would do, or would have done",
        description: "With `event` or `past`. Changes nothing.",
        tags: ["triggers"],
        params: TriggerParams,
        body: Type.Object(TestOptions, CLOSED),
        response: { 200: TEST },
      },
    },
    async ({ params: { name }, body }) =>
      testJson(await millrace.triggers.test(name, optionsOf(body))),
  );
}

function addChanging(api: Api, { millrace }: ApiHost): void {
  api.put(
    "/triggers/:name",
    {
      // It may publish anywhere and act on any run: more than those may who control runs.
      config: { scope: "admin" },
      schema: {
        operationId: "putTrigger",
        summary: "Make a trigger, or change the one of this name",
        description: "A paused one stays paused. The same again changes nothing.",
        tags: ["triggers"],
        params: TriggerParams,
        body: TriggerBody,
        response: { 200: TRIGGER },
      },
    },
    async ({ params: { name }, body }) =>
      triggerJson(await millrace.triggers.put(triggerSpecOf({ ...body, name }))),
  );
  api.delete(
    "/triggers/:name",
    {
      config: { scope: "admin", problems: [404] },
      schema: {
        operationId: "removeTrigger",
        summary: "Remove a trigger and what it remembers",
        description:
          "What it started goes on. One that stands in code is put again when a worker with that code starts.",
        tags: ["triggers"],
        params: TriggerParams,
        response: { 200: Type.Object({ name: Type.String() }) },
      },
    },
    async ({ params: { name } }) => {
      await millrace.triggers.remove(name);
      return { name };
    },
  );
  api.post(
    "/trigger-tests",
    {
      // It may read any stream.
      config: { scope: "admin" },
      schema: {
        operationId: "testNewTrigger",
        summary: "What a trigger would do that nobody has put yet",
        description: "With `event` or `past`. Changes nothing.",
        tags: ["triggers"],
        body: Type.Object({ trigger: TriggerBody, ...TestOptions }, CLOSED),
        response: { 200: TEST },
      },
    },
    async ({ body: { trigger, ...rest } }) => {
      const spec = triggerSpecOf({ name: "new", ...trigger });
      return testJson(await millrace.triggers.test(spec, optionsOf(rest)));
    },
  );
}

function addPausing(api: Api, { millrace }: ApiHost): void {
  api.post(
    "/triggers/:name/pause",
    {
      config: { scope: "control", problems: [404] },
      schema: {
        operationId: "pauseTrigger",
        summary: "Let events wait until the trigger is resumed",
        tags: ["triggers"],
        params: TriggerParams,
        body: Type.Object({ reason: Type.Optional(Type.String({ maxLength: 1_000 })) }, CLOSED),
        response: { 200: TRIGGER },
      },
    },
    async ({ params: { name }, body: { reason } }) =>
      triggerJson(await millrace.triggers.pause(name, reason)),
  );
  api.post(
    "/triggers/:name/resume",
    {
      config: { scope: "control", problems: [404] },
      schema: {
        operationId: "resumeTrigger",
        summary: "Let a trigger go on with what came meanwhile",
        tags: ["triggers"],
        params: TriggerParams,
        body: EMPTY,
        response: { 200: TRIGGER },
      },
    },
    async ({ params: { name } }) => triggerJson(await millrace.triggers.resume(name)),
  );
}

interface TestBody {
  readonly event?: unknown;
  readonly past?: { readonly since?: string | number; readonly limit?: number };
}

function optionsOf({ event, past }: TestBody): TriggerTestOptions {
  if (past === undefined) return { event };
  if (event !== undefined) {
    throw new InvalidOptionError("past", "beside event", "give one of them");
  }
  return { past: given({ limit: past.limit, since: sinceOf(past.since) }) };
}

function sinceOf(since: string | number | undefined): Date | Duration | undefined {
  const isTime = typeof since === "string" && /^\d{4}-/.test(since);
  return isTime ? new Date(since) : (since as Duration | undefined);
}

function triggerJson(view: TriggerView): Static<typeof TriggerSchema> {
  const { name, spec, version, from, fired, failed, paused, lastFiredAt, lastError } = view;
  return {
    name,
    spec: { ...spec },
    version,
    from,
    createdAt: view.createdAt.toISOString(),
    changedAt: view.changedAt.toISOString(),
    fired,
    failed,
    ...(paused && { paused: { reason: paused.reason, at: paused.at.toISOString() } }),
    ...given({ lastFiredAt: lastFiredAt?.toISOString() }),
    ...(lastError && {
      lastError: { at: lastError.at.toISOString(), message: lastError.message },
    }),
  };
}

function testJson(test: TriggerTest): Static<typeof TriggerTestSchema> {
  return {
    ...test,
    events: test.events.map((tested) => ({ ...tested, ...faultOf(tested) })),
    firings: test.firings.map(({ at, events, action, error }) => ({
      at: at.toISOString(),
      events: [...events],
      ...given({ action }),
      ...faultOf(given({ error })),
    })),
  };
}

function faultOf({ error }: Pick<TestedEvent, "error">): {
  error?: Pick<ExpressionError, "problem" | "message" | "expression" | "position" | "length">;
} {
  if (error === undefined) return {};
  const { problem, message, expression, position, length } = error;
  return { error: { problem, message, expression, position, length } };
}
