import { Type } from "typebox";
import { AttributesSchema } from "./run-schema.ts";
import { CLOSED, DurationText, Time, Value } from "./schema-parts.ts";

const Name = (description: string) => Type.String({ minLength: 1, maxLength: 128, description });

/** What `SubmitOptions` are, as JSON. */
const options = {
  tags: Type.Optional(
    Type.Array(Type.String({ maxLength: 256 }), {
      maxItems: 64,
      description: "Texts to find the run by, such as `job:42`.",
    }),
  ),
  attributes: Type.Optional(AttributesSchema),
  metadata: Type.Optional(
    Type.Record(Type.String(), Type.String(), { description: "Kept with the run and shown." }),
  ),
  queue: Type.Optional(Name("Where the run waits. Default: the flow's name.")),
  priority: Type.Optional(Type.Enum(["high", "normal", "low"])),
  at: Type.Optional(Time("Start not before this time.")),
  delay: Type.Optional(DurationText("Start not before so long from now. Not together with `at`.")),
  deadline: Type.Optional(
    Type.Union([Time("A time."), Type.String({ maxLength: 32 }), Type.Integer({ minimum: 0 })], {
      description: "Cancel the run if it has not ended by then: a time, or how long from now.",
    }),
  ),
};

const input = {
  flow: Name("Name of the flow or task."),
  input: Type.Optional(Value("Its input. Not checked here: a worker that serves the flow does.")),
};

export const SubmitSchema = Type.Object(
  {
    ...input,
    key: Type.Optional(
      Name("Your own id for it: the same key is the same run. Default: a new one."),
    ),
    ifExists: Type.Optional(
      Type.Enum(["attach", "reject"], {
        default: "attach",
        description: "When the key is taken: answer with that run (200), or with a problem (409).",
      }),
    ),
    ...options,
  },
  CLOSED,
);

export const SubmittedSchema = Type.Object(
  {
    id: Type.String(),
    isNew: Type.Boolean({ description: "False when the run was there." }),
  },
  { $id: "Submitted" },
);

const rerun = {
  input: Type.Optional(Value("In place of its input. Not checked here.")),
  key: Type.Optional(
    Name("Your own id for the new run: asked again by the same key, it is made once."),
  ),
  ifExists: Type.Optional(
    Type.Enum(["attach", "reject"], {
      default: "attach",
      description:
        "When this very run was made before: answer with it (200), or with a problem (409).",
    }),
  ),
  tags: options.tags,
  attributes: options.attributes,
  metadata: options.metadata,
  queue: Type.Optional(Name("Where the run waits. Default: the origin's queue.")),
  priority: options.priority,
  deadline: options.deadline,
};

/** What `RerunOptions` are, as JSON. */
export const RerunSchema = Type.Object(rerun, CLOSED);

/** What `ForkOptions` are, as JSON. */
export const ForkSchema = Type.Object(
  {
    ...rerun,
    from: Type.Optional(
      Type.Union([Type.String({ minLength: 1, maxLength: 256 }), Type.Integer({ minimum: 0 })], {
        description:
          "Where: a step, which is executed again; or the number of the last event that is copied (`12`), or its stream sequence (`seq:9041`). Default: the start.",
      }),
    ),
    set: Type.Optional(
      Type.Record(Type.String(), Value("What it has returned."), {
        description: "Outcomes of steps before the point, in place of the recorded ones.",
      }),
    ),
  },
  CLOSED,
);

export const ForkPlanSchema = Type.Object(
  {
    origin: Type.String(),
    id: Type.Optional(Type.String({ description: "Of the fork, if it has a key." })),
    event: Type.Integer({
      description: "The last event that is copied; 0: it begins at the start.",
    }),
    events: Type.Integer({ description: "How many events the origin has." }),
    keeps: Type.Array(Type.String(), {
      description: "Steps whose recorded outcome it takes over.",
    }),
    sets: Type.Array(Type.String(), { description: "Steps whose outcome is set." }),
    drops: Type.Array(Type.String(), {
      description: "Steps, timers and children that the origin has after the point only.",
    }),
    attaches: Type.Array(Type.String(), { description: "Open children, which it waits for too." }),
    signals: Type.Object({ copied: Type.Integer(), left: Type.Integer() }),
  },
  { $id: "ForkPlan", description: "What a fork would be." },
);

const signal = {
  name: Name("Name of the signal."),
  value: Type.Optional(Value("Its value. Not checked here.")),
};

export const SignalSchema = Type.Object(signal, CLOSED);

export const SignalOrSubmitSchema = Type.Object(
  {
    ...input,
    key: Name("Your own id for the run: it is what the signal is for."),
    signal: Type.Object(
      {
        ...signal,
        id: Type.Optional(
          Type.String({
            minLength: 1,
            maxLength: 256,
            description: "Sent twice with one id, it is received once.",
          }),
        ),
      },
      CLOSED,
    ),
    ...options,
  },
  CLOSED,
);

export const StopSchema = Type.Object(
  { reason: Type.Optional(Type.String({ maxLength: 1_024 })) },
  CLOSED,
);

export const AskedSchema = Type.Object(
  { id: Type.String() },
  { $id: "Asked", description: "The request is durable: what comes of it, the run's state shows." },
);
