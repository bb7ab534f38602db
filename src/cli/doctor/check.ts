/** One line of `doctor`: what was found, what it means, and what to do about it. */
export interface Check {
  readonly level: "ok" | "warn" | "fail";
  readonly name: string;
  readonly found: string;
  readonly means: string;
  /** Nothing when there is nothing to do. */
  readonly todo: string | undefined;
}

type Text = { readonly found: string; readonly means: string };

export function ok(name: string, text: Text): Check {
  return { level: "ok", name, ...text, todo: undefined };
}

export function warn(name: string, text: Text & { readonly todo: string }): Check {
  return { level: "warn", name, ...text };
}

export function fail(name: string, text: Text & { readonly todo: string }): Check {
  return { level: "fail", name, ...text };
}
