/** What a firing does, its expressions evaluated: plain JSON, ready to be the input of the run that carries it out. */
export type ResolvedAction =
  /** Without a key the firing's id is the key. */
  | {
      readonly kind: "submit";
      readonly flow: string;
      readonly input: unknown;
      readonly key?: string;
      readonly tags?: readonly string[];
      readonly queue?: string;
    }
  | { readonly kind: "resubmit"; readonly run: string; readonly times: number }
  | {
      readonly kind: "signal";
      readonly run: string;
      readonly signal: string;
      readonly value: unknown;
    }
  | {
      readonly kind: "cancel" | "cancel-children" | "terminate";
      readonly run: string;
      readonly reason?: string;
    }
  | { readonly kind: "resume"; readonly run: string }
  | { readonly kind: "webhook"; readonly webhook: string; readonly body: unknown }
  | { readonly kind: "publish"; readonly subject: string; readonly data: unknown };
