import type { Payload } from "../engine/payload.ts";
import type { RunEventBody } from "../engine/run-event.ts";

/** An event with its payload sealed: a promise only if there is something to wait for (I9). */
export function sealEvent(body: RunEventBody, seal: Seal): RunEventBody | Promise<RunEventBody> {
  if ("output" in body) {
    const output = seal(body.output);
    if (output instanceof Promise) return output.then((sealed) => ({ ...body, output: sealed }));
    return output === body.output ? body : { ...body, output };
  }
  if ("error" in body) {
    const error = seal(body.error);
    if (error instanceof Promise) return error.then((sealed) => ({ ...body, error: sealed }));
    return error === body.error ? body : { ...body, error };
  }
  return body;
}

export type Seal = (payload: Payload) => Payload | Promise<Payload>;
