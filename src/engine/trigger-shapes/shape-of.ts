import type { TriggerSpec } from "../trigger-spec.ts";
import { absent } from "./absent.ts";
import { after } from "./after.ts";
import { batch } from "./batch.ts";
import { both } from "./both.ts";
import { debounce } from "./debounce.ts";
import { each } from "./each.ts";
import type { Shape } from "./shape.ts";
import { stays } from "./stays.ts";
import { throttle } from "./throttle.ts";

/** The shape of a trigger. A source that waits for how long a run stays in a state is one of its own. */
export function shapeOf({
  on,
  shape = { kind: "each" },
}: Pick<TriggerSpec, "on" | "shape">): Shape {
  if (on.kind === "run" && on.longerThanMs !== undefined) {
    return stays({ longerThanMs: on.longerThanMs });
  }
  switch (shape.kind) {
    case "each":
      return each;
    case "debounce":
      return debounce(shape);
    case "throttle":
      return throttle(shape);
    case "batch":
      return batch(shape);
    case "after":
      return after(shape);
    case "absent":
      return absent(shape);
    case "both":
      return both(shape);
  }
}

/** True when each event fires by itself: nothing has to be remembered from one to the next. */
export function isStateless({ on, shape }: Pick<TriggerSpec, "on" | "shape">): boolean {
  const isTimed = on.kind === "run" && on.longerThanMs !== undefined;
  return !isTimed && (shape === undefined || shape.kind === "each");
}
