import type { ExpressionError } from "./expression-error.ts";
import { MillraceError } from "./millrace-error.ts";

/** A trigger says something that cannot be. `path` is where, such as `shape.withinMs`. */
export class TriggerInvalidError extends MillraceError {
  readonly code = "INVALID_TRIGGER";
  readonly path: string;
  /** When it is an expression that cannot be understood: what is wrong with it, and where. */
  readonly expression: ExpressionError | undefined;
  /** In that expression: as {@link ExpressionError} has it. */
  readonly position: number | undefined;
  readonly length: number | undefined;

  constructor(path: string, rule: string, expression?: ExpressionError) {
    super(
      `The trigger's ${path === "" ? "spec" : path} is not right: ${rule}`.replace(/\.?$/, "."),
      expression === undefined ? undefined : { cause: expression },
    );
    this.path = path;
    this.expression = expression;
    this.position = expression?.position;
    this.length = expression?.length;
  }
}

/** Nobody declared a trigger of this name. */
export class TriggerNotFoundError extends MillraceError {
  readonly code = "TRIGGER_NOT_FOUND";
  readonly trigger: string;

  constructor(trigger: string) {
    super(`There is no trigger ${trigger}. List those that there are: millrace triggers list`);
    this.trigger = trigger;
  }
}
