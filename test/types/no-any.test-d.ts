import { expectTypeOf, test } from "vitest";
import type * as millrace from "../../src/index.ts";
import type { AnyKeys, Exact, HasAny, IsAny } from "./support/exact.ts";

type Api = typeof millrace;

test("no export of the package is any, takes any or gives any", () => {
  expectTypeOf<AnyKeys<Api>>().toBeNever();
});

test("no member of what users hold is any, takes any or gives any", () => {
  expectTypeOf<AnyKeys<millrace.Millrace>>().toBeNever();
  expectTypeOf<AnyKeys<millrace.RunHandle>>().toBeNever();
  expectTypeOf<AnyKeys<millrace.FlowContext>>().toBeNever();
  expectTypeOf<AnyKeys<millrace.StepInfo>>().toBeNever();
  expectTypeOf<AnyKeys<millrace.ServingWorker>>().toBeNever();
  expectTypeOf<AnyKeys<millrace.Flow>>().toBeNever();
  expectTypeOf<AnyKeys<millrace.Task>>().toBeNever();
});

test("no field of what users read or write is any", () => {
  expectTypeOf<AnyKeys<millrace.RunView>>().toBeNever();
  expectTypeOf<AnyKeys<millrace.RunDetails>>().toBeNever();
  expectTypeOf<AnyKeys<millrace.RunDetails["steps"][number]>>().toBeNever();
  expectTypeOf<AnyKeys<millrace.RecordedEvent>>().toBeNever();
  expectTypeOf<AnyKeys<Required<millrace.ConnectOptions>>>().toBeNever();
  expectTypeOf<AnyKeys<Required<millrace.ServeOptions>>>().toBeNever();
  expectTypeOf<AnyKeys<Required<millrace.SubmitOptions>>>().toBeNever();
  expectTypeOf<AnyKeys<Required<millrace.TaskOptions>>>().toBeNever();
  expectTypeOf<AnyKeys<Required<millrace.FlowOptions>>>().toBeNever();
  expectTypeOf<AnyKeys<Required<millrace.RetryOptions>>>().toBeNever();
});

test("a step's, a flow's and a result's value are never any", () => {
  const one = {} as millrace.Flow<string, number>;
  expectTypeOf<IsAny<Parameters<typeof one.fn>[1]>>().toEqualTypeOf<false>();
  expectTypeOf<HasAny<typeof one.fn>>().toEqualTypeOf<false>();
  type Result = Awaited<ReturnType<millrace.RunHandle<number>["result"]>>;
  expectTypeOf<Exact<Result, number>>().toEqualTypeOf<true>();
});

test("the checks above see an any where there is one", () => {
  // oxlint-disable-next-line typescript/no-explicit-any -- it is what is looked for.
  type Any = any;
  expectTypeOf<IsAny<Any>>().toEqualTypeOf<true>();
  expectTypeOf<HasAny<(input: string, other: Any) => void>>().toEqualTypeOf<true>();
  expectTypeOf<HasAny<(...rest: Any[]) => void>>().toEqualTypeOf<true>();
  expectTypeOf<HasAny<() => Promise<Any>>>().toEqualTypeOf<true>();
  expectTypeOf<HasAny<() => AsyncIterableIterator<Any>>>().toEqualTypeOf<true>();
  expectTypeOf<AnyKeys<{ a: string; b: Any; c: () => Any }>>().toEqualTypeOf<"b" | "c">();
  expectTypeOf<Exact<Any, number>>().toEqualTypeOf<false>();
  expectTypeOf<Exact<number, Any>>().toEqualTypeOf<false>();
  expectTypeOf<Exact<{ a: Any }, { a: number }>>().toEqualTypeOf<false>();
  expectTypeOf<HasAny<() => string>>().toEqualTypeOf<false>();
});
