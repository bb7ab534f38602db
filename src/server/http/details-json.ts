import type { RunDetails, StepDetails } from "../../client/run-details.ts";
import { attributesJson } from "../run-json.ts";
import { errorJson, valueJson } from "./payload-json.ts";

/** A run's details as JSON: values in the API's form, errors as objects, and nothing where there is nothing to tell. */
export function detailsJson(details: RunDetails): object {
  const { frames, foreign: _, input, output, error, steps, exposed, ...rest } = details;
  const { worker, version, parked, attributes, tags, ...facts } = rest;
  const shown = Object.entries(exposed).map(([name, value]) => [name, valueJson(value) ?? null]);
  return plain({
    ...facts,
    worker: worker === "" ? undefined : worker,
    version: version === "" ? undefined : version,
    tags: [...new Set(tags)],
    attributes: attributesJson(attributes),
    parked: parked === undefined ? undefined : { ...parked, at: undefined },
    input: valueJson(input),
    output: valueJson(output),
    error: error === undefined ? undefined : errorJson(error),
    steps: steps.map(stepJson),
    exposed: Object.fromEntries(shown),
    frames: frames.length,
  });
}

/** As JSON says it: dates as ISO text, and without what is not there. For what Millrace itself tells, not for users' values. */
export function plain(value: object): object {
  return JSON.parse(JSON.stringify(value)) as object;
}

function stepJson({ output, attempts, ...step }: StepDetails): object {
  return {
    ...step,
    output: valueJson(output),
    attempts: attempts.map(({ error, ...attempt }) => ({
      ...attempt,
      error: error === undefined ? undefined : errorJson(error),
    })),
  };
}
