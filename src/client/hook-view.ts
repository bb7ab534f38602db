import type { Hook, HookKind } from "../engine/hook-spec.ts";
import { type SecretView, secretView } from "./webhook-view.ts";

/** A hook as it is shown: its secrets by their ids. */
export interface HookView {
  readonly name: string;
  readonly kind: HookKind;
  /** The newest first. */
  readonly secrets: readonly SecretView[];
  readonly type: string;
  /** For `token`: the header that carries it. */
  readonly header: string | undefined;
  readonly version: number;
  readonly createdAt: Date;
  readonly changedAt: Date;
}

export function hookView({ secrets, createdAt, changedAt, ...rest }: Hook): HookView {
  return {
    ...rest,
    secrets: secrets.map(secretView),
    createdAt: new Date(createdAt),
    changedAt: new Date(changedAt),
  };
}
