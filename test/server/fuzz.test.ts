import fc from "fast-check";
import { expect, test } from "vitest";
import { openApiBed } from "./support/api-bed.ts";
import { type DocumentedParameter, OPERATIONS, type Operation } from "./support/api-document.ts";

const bedOptions = { limits: { waitMs: 5, requestsPerMinute: 0 } } as const;

test("whatever is sent, the answer is as documented or a problem, and never an error of the server", async () => {
  const bed = await openApiBed(bedOptions);
  const request = fc.constantFrom(...OPERATIONS).chain(requestTo);
  await fc.assert(
    fc.asyncProperty(request, async ({ method, path, body, headers }) => {
      // What is answered is checked against the document in `ask`.
      const { status } = await bed.ask(method, `/${path}`, body, headers);
      expect(status).not.toBe(500);
      expect(status).toBeLessThan(503);
    }),
    { numRuns: 600 },
  );
  expect((await bed.get("//livez")).status).toBe(200);
});

test("bytes that are no JSON, and JSON that is nested without end, are refused", async () => {
  const bed = await openApiBed(bedOptions);
  const deep = `{"flow":"a","input":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
  const bodies = ["{", "nul", '{"flow":', "\u0000", '{"flow":"a","__proto__":{"x":1}}', deep];
  for (const body of bodies) {
    const { status } = await bed.ask("POST", "/runs", body);
    expect({ body: body.slice(0, 20), status }).toEqual({ body: body.slice(0, 20), status: 400 });
  }
});

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

function requestTo({ method, path, parameters = [], requestBody }: Operation): fc.Arbitrary<Sent> {
  const query = parameters.filter((parameter) => parameter.in === "query");
  const schema = requestBody?.content["application/json"]?.schema;
  return fc
    .record({
      id: anyId,
      query: fc.record(Object.fromEntries(query.map((one) => [one.name, queryValue(one)])), {
        requiredKeys: [],
      }),
      body: schema === undefined ? fc.constant(undefined) : fc.oneof(ofSchema(schema), anyJson),
      headers: fc.dictionary(headerName, headerValue, { maxKeys: 2 }),
    })
    .map(({ id, query: asked, body, headers }) => {
      const search = new URLSearchParams(asked as Record<string, string>).toString();
      const filled = path.replaceAll(/\{[^}]+\}/g, () => encodeURIComponent(id));
      return { method, path: search === "" ? filled : `${filled}?${search}`, body, headers };
    });
}

const text = fc.string({ unit: "binary", maxLength: 40 });
const anyJson = fc.jsonValue({ maxDepth: 3 });
const anyId = fc.oneof(
  text.filter((some) => some !== "" && some !== "." && some !== ".."),
  fc.constantFrom("a:1", "flow:a/b", "1/7", "a:", ":", "%", "a:%2F", "a:\u0000", "x".repeat(1_100)),
);
const headerName = fc.constantFrom("accept", "content-type", "authorization", "if-match", "x-a");
const headerValue = fc.constantFrom("", "*/*", "application/json", "text/html", "Bearer x", "é");

function queryValue({ schema }: DocumentedParameter): fc.Arbitrary<string> {
  return fc.oneof(
    ofSchema(schema).map((value) => (typeof value === "string" ? value : JSON.stringify(value))),
    text,
    fc.constantFrom("status:failed", "status:", 'key:"a', "since:1h", "-1", "1e99", "true", "5s"),
  );
}

interface AnySchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly object[];
  readonly properties?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
  readonly items?: object;
}

/** Values that a schema takes, or nearly. */
function ofSchema(schema: object): fc.Arbitrary<unknown> {
  const { type, anyOf, properties = {}, required = [], items, ...rest } = schema as AnySchema;
  if (rest.const !== undefined) return fc.constant(rest.const);
  if (rest.enum !== undefined) return fc.constantFrom(...rest.enum);
  if (anyOf !== undefined) return fc.oneof(...anyOf.map(ofSchema));
  switch (type) {
    case "object":
      return fc.record(
        Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, ofSchema(one)])),
        { requiredKeys: [...required] },
      );
    case "array":
      return fc.array(ofSchema(items ?? {}), { maxLength: 4 });
    case "integer":
      return fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer(), fc.double());
    case "boolean":
      return fc.boolean();
    case "string":
      return fc.oneof(
        text,
        fc.constantFrom("a", "1h", "2030-01-31T08:00:00Z", "9999-99-99T99:99:99Z", "greet"),
      );
    default:
      return anyJson;
  }
}
