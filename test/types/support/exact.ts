// oxlint-disable typescript/no-unnecessary-type-parameters -- two such functions are compared for identity.

/** True only for `any`: it alone is both 0 and 1. */
export type IsAny<T> = 0 extends 1 & T ? true : false;

/**
 * True when `A` is `B`, to the last nested type. An `any` is only itself, though it is assignable to everything and so
 * slips through most checks.
 */
export type Exact<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** The keys of `T` under which there is an `any`: as a value, a parameter, or what comes out of a call or promise. */
export type AnyKeys<T> = { [K in keyof T]: HasAny<T[K]> extends true ? K : never }[keyof T];

/** True when `T` is `any`, or a function or promise with an `any` at its edge. */
export type HasAny<T> =
  IsAny<T> extends true
    ? true
    : T extends (...args: infer A) => infer R
      ? true extends IsAny<A> | HasAnyElement<A> | HasAny<R>
        ? true
        : false
      : T extends PromiseLike<infer V>
        ? HasAny<V>
        : T extends AsyncIterableIterator<infer V>
          ? HasAny<V>
          : false;

type HasAnyElement<A> = A extends readonly [infer First, ...infer Rest]
  ? true extends IsAny<First> | HasAnyElement<Rest>
    ? true
    : false
  : A extends readonly (infer Item)[]
    ? IsAny<Item>
    : false;
