import { type Static, type TSchema, Type } from "typebox";

/** A schema by its name in the document, which is its `$id`: the type stays that of the schema. */
export function named<Schema extends TSchema>(schema: Schema) {
  const { $id } = schema as { readonly $id?: string };
  if ($id === undefined) throw new Error("Only a schema with an $id can be named.");
  return Type.Unsafe<Static<Schema>>({ $ref: `${$id}#` });
}

/** A point in time, as ISO text. */
export const Time = (description: string) => Type.String({ format: "date-time", description });

/** `250ms`, `10s`, `5m`, `2h`, `3d`, or milliseconds. */
export const DurationText = (description: string) =>
  Type.Union([Type.String({ maxLength: 32 }), Type.Integer({ minimum: 0 })], {
    description: `${description} Text such as \`250ms\`, \`10s\`, \`5m\`, \`2h\`, \`3d\`, or milliseconds.`,
  });

/** Any JSON, with the forms of `docs/api.md` for what JSON cannot say. */
export const Value = (description: string) => Type.Unknown({ description });

export const RunIdParams = Type.Object({
  id: Type.String({
    minLength: 3,
    maxLength: 1_024,
    description: "The run's id, `<flow>:<key>`, URL-encoded.",
  }),
});

/** A page of a list. */
export const PageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 50 })),
  after: Type.Optional(
    Type.String({ maxLength: 2_048, description: "`next` of the page before." }),
  ),
};

export const Next = Type.Optional(
  Type.String({ description: "For the page that follows; not there on the last one." }),
);

/** A body or query that takes nothing else. */
export const CLOSED = Object.freeze({ additionalProperties: false });
