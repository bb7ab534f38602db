/** Something that a run waits for. Times are in milliseconds since 1970; nothing for no limit. */
export type Wait =
  | { readonly kind: "retry"; readonly step: string; readonly at: number | undefined }
  | { readonly kind: "timer"; readonly timer: string; readonly until: number | undefined }
  | { readonly kind: "signal"; readonly signal: string; readonly until: number | undefined }
  /** Another run: a child, or one that it watches. */
  | { readonly kind: "run"; readonly run: string };
