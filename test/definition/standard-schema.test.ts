import type { StandardSchemaV1 } from "@standard-schema/spec";
import { expect, test } from "vitest";
import { z } from "zod";
import { validate } from "../../src/definition/standard-schema.ts";

const Order = z.object({
  id: z.string().min(3),
  lines: z.array(z.object({ count: z.coerce.number().int() })),
});

test("without a schema the value is given back as it is", async () => {
  const value = { any: "thing" };
  expect(await validate("flow a", undefined, value)).toBe(value);
});

test("the value comes back as the schema made it", async () => {
  const order = { id: "abc", lines: [{ count: "7" }], extra: 1 };
  expect(await validate("flow a", Order, order)).toEqual({ id: "abc", lines: [{ count: 7 }] });
});

test("every issue is named with its path", async () => {
  await expect(
    validate("flow checkout", Order, { id: "a", lines: [{ count: 1.5 }] }),
  ).rejects.toMatchObject({
    code: "INPUT_INVALID",
    fatal: true,
    subject: "flow checkout",
    issues: [expect.stringMatching(/^id: /), expect.stringMatching(/^lines\.0\.count: /)],
    message: expect.stringMatching(/^The input of flow checkout does not match its schema: id: /),
  });
});

test("an issue about the whole value has no path", async () => {
  await expect(validate("flow a", z.string(), 1)).rejects.toMatchObject({
    issues: [expect.not.stringMatching(/^: /)],
  });
});

test("a schema that checks later is waited for", async () => {
  const later = z.string().refine(async (text) => text === "good", "is bad");
  expect(await validate("flow a", later, "good")).toBe("good");
  await expect(validate("flow a", later, "bad")).rejects.toMatchObject({ issues: ["is bad"] });
});

test("a schema of any vendor works: paths of objects and of plain keys", async () => {
  const schema: StandardSchemaV1 = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: () => ({ issues: [{ message: "no", path: ["a", { key: "b" }, 0] }] }),
    },
  };
  await expect(validate("flow a", schema, 1)).rejects.toMatchObject({ issues: ["a.b.0: no"] });
});
