import { Type } from "typebox";
import { DurationText, Time, Value } from "./schema-parts.ts";

const Expression = (description: string) =>
  Type.String({ maxLength: 4_000, description: `CEL. ${description}` });

const OneOrMore = (description: string) =>
  Type.Union([Type.String(), Type.Array(Type.String())], { description });

const On = Type.Unknown({
  description:
    'What happens: `"run.crashed"`, `"order.created"`, a list of such, or an object: `{ "run": "suspended", "longerThan": "1h" }`, `{ "event": … }`, `{ "subject": … }`, `{ "stream": … }`. docs/triggers.md has them all.',
});

const When = Type.Object(
  {
    flow: Type.Optional(OneOrMore("Of run events: of one of these flows.")),
    tags: Type.Optional(Type.Array(Type.String(), { description: "With all of these." })),
    anyTag: Type.Optional(Type.Array(Type.String(), { description: "With one of these." })),
    if: Type.Optional(Expression("Gives true or false.")),
  },
  { description: "Which of the events count." },
);

const By = Type.Optional(Expression("The key by which events belong together."));

const Second = (description: string) =>
  Type.Object(
    { on: On, when: Type.Optional(When), by: By, within: DurationText("How long.") },
    { description },
  );

/**
 * What a trigger is put with: the words of `trigger()`. What is in it is read by the same function as code, which names what is wrong by
 * its path; here it is only described.
 */
export const TriggerBody = Type.Object({
  on: On,
  when: Type.Optional(When),
  debounce: Type.Optional(
    Type.Object({
      by: By,
      quiet: DurationText("No other event for so long."),
      maxWait: Type.Optional(DurationText("At the latest.")),
    }),
  ),
  throttle: Type.Optional(
    Type.Object({ by: By, limit: Type.Integer(), per: DurationText("In any time this long.") }),
  ),
  batch: Type.Optional(
    Type.Object({ by: By, size: Type.Integer(), within: DurationText("After the first.") }),
  ),
  after: Type.Optional(
    Type.Object({ by: By, count: Type.Integer(), within: DurationText("Since the first.") }),
  ),
  absent: Type.Optional(Second("Fires when this event does not follow in time.")),
  with: Type.Optional(Second("Fires when this event comes too, in any order.")),
  action: Type.Unknown({
    description:
      'What is done: `"cancel"`, `"cancel-children"`, `"resume"`, `"terminate"`, or an object: `{ "submit": "review", "input": "event.data" }`, `{ "resubmit": { "times": 3 } }`, `{ "signal": …, "run": … }`, `{ "webhook": "ops" }`, `{ "publish": "orders.late" }` …',
  }),
  limits: Type.Optional(
    Type.Object({ perMinute: Type.Optional(Type.Integer()), depth: Type.Optional(Type.Integer()) }),
  ),
});

export const TriggerSchema = Type.Object(
  {
    name: Type.String(),
    spec: Type.Object(
      {
        name: Type.String(),
        on: Type.Unknown(),
        when: Type.Optional(Type.Unknown()),
        shape: Type.Optional(Type.Unknown()),
        action: Type.Unknown(),
        limits: Type.Optional(Type.Unknown()),
      },
      { description: "Durations in milliseconds. It can be put again as it stands." },
    ),
    version: Type.Integer({ description: "One more for each change." }),
    from: Type.Union([Type.Literal("code"), Type.Literal("api")], {
      description: "Whether a worker brought it along.",
    }),
    paused: Type.Optional(Type.Object({ reason: Type.String(), at: Time("Since when.") })),
    createdAt: Time("When it was made."),
    changedAt: Time("When it was last changed, paused or resumed."),
    fired: Type.Integer({ description: "How many firings led to a run." }),
    lastFiredAt: Type.Optional(Time("When it fired last.")),
    failed: Type.Integer({ description: "Expressions without a value, impossible actions." }),
    lastError: Type.Optional(Type.Object({ at: Time("When."), message: Type.String() })),
  },
  { $id: "Trigger", description: "A trigger as it stands." },
);

const ExpressionFault = Type.Object({
  problem: Type.String(),
  message: Type.String(),
  expression: Type.String(),
  position: Type.Integer({ description: "Of the first character that is meant, from 0." }),
  length: Type.Integer(),
});

export const TestOptions = {
  event: Type.Optional(
    Value("An event that is made up: what is missing of `id`, `type` … is filled in."),
  ),
  past: Type.Optional(
    Type.Object({
      since: Type.Optional(
        Type.Union([Time("From then on."), DurationText("So far back.")], {
          description: "Default: a day.",
        }),
      ),
      limit: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 1_000, description: "Most events that are shown." }),
      ),
    }),
  ),
};

export const TriggerTestSchema = Type.Object(
  {
    trigger: Type.String(),
    seen: Type.Integer({ description: "How many events were looked at." }),
    matched: Type.Integer(),
    isCut: Type.Boolean({ description: "True when there were more than 10,000." }),
    events: Type.Array(
      Type.Object({
        event: Value("The CloudEvent."),
        isMatch: Type.Boolean(),
        role: Type.Union([Type.Literal("on"), Type.Literal("other")]),
        failed: Type.Optional(Type.String({ description: "Which condition did not hold." })),
        reason: Type.Optional(Type.String()),
        error: Type.Optional(ExpressionFault),
        key: Type.Optional(Type.String()),
      }),
    ),
    firings: Type.Array(
      Type.Object({
        at: Time("When."),
        events: Type.Array(Type.String(), { description: "Their ids." }),
        action: Type.Optional(Value("What would be done.")),
        error: Type.Optional(ExpressionFault),
      }),
    ),
    fired: Type.Integer({ description: "How many firings there would have been." }),
  },
  { $id: "TriggerTest", description: "What a trigger would have done." },
);
