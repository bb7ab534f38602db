import { Type } from "typebox";

/** What a run's code threw. */
export const ErrorSchema = Type.Object(
  {
    name: Type.String(),
    message: Type.String(),
    stack: Type.Optional(Type.String()),
    data: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: "The error's own properties." }),
    ),
    cause: Type.Optional(Type.Unsafe<unknown>({ $ref: "RunError#" })),
  },
  { $id: "RunError", description: "What a run's code threw, with its causes." },
);
