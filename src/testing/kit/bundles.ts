import { AssertionError } from "node:assert";
import { readFile, writeFile } from "node:fs/promises";
import type { Bundle } from "../../bundle/bundle.ts";
import { bundlePayloads } from "../../bundle/bundle-payloads.ts";
import { type ExportOptions, makeBundle } from "../../bundle/make-bundle.ts";
import { readBundle } from "../../bundle/read-bundle.ts";
import { writeBundle } from "../../bundle/write-bundle.ts";
import { readRecordedRun } from "../../client/recorded-runs.ts";
import { type CheckedRun, checkRun } from "../../debug/checked-run.ts";
import type { AnyDefinition } from "../../definition/definition.ts";
import { parseRunId } from "../../engine/run-id.ts";
import type { Millrace } from "../../index.ts";

/** Writes a run of the engine as a bundle, with its large values. */
export async function saveBundle(
  { host, payloads, namespace }: Millrace,
  run: string,
  path: string | URL,
  options: ExportOptions,
): Promise<void> {
  const read = await readRecordedRun(host, parseRunId(run));
  if (read === undefined)
    throw new RangeError(`Run ${run} does not exist: there is nothing to save.`);
  const source = { namespace, stored: read.stored };
  const made = await makeBundle(source, payloads, { blobs: true, ...options });
  await writeFile(path, await writeBundle(made));
}

/**
 * Reads a bundle, of a test's run or of one in production (`millrace export`).
 * @throws {@link BundleUnreadableError}
 */
export async function loadBundle(path: string | URL): Promise<Bundle> {
  return readBundle(await readFile(path), { name: String(path) });
}

/**
 * Checks that a flow of today replays what is recorded of a run, and ends as it did. No step is executed.
 * @throws AssertionError that says where code and history part, and what was probably changed.
 */
export async function expectReplays(flow: AnyDefinition, bundle: Bundle): Promise<void> {
  const checked = await checkRun(bundle, new Map([[flow.name, flow]]), bundlePayloads(bundle));
  const found = sidesOf(checked);
  if (found === undefined) return;
  const { what, ...sides } = found;
  const message = `Run ${checked.run} does not replay with this code: ${what}`;
  throw new AssertionError({ ...sides, message, operator: "replays", stackStartFn: expectReplays });
}

interface Sides {
  readonly what: string;
  readonly actual: string;
  readonly expected: string;
}

function sidesOf(checked: CheckedRun): Sides | undefined {
  switch (checked.verdict) {
    case "fits":
      return undefined;
    case "parks": {
      const { asked, place, hint, expected } = checked;
      const at = place === "" ? "" : ` (${place})`;
      const what = `the history holds ${expected}, and the flow asks for ${asked}${at}. ${hint}`;
      return { what, actual: asked, expected };
    }
    case "differs": {
      const { recorded: expected, replayed: actual } = checked;
      return { what: `it ended with ${expected}, and now ends with ${actual}.`, actual, expected };
    }
    case "no-code": {
      const { flow } = checked;
      return { what: `it is one of flow ${flow}.`, actual: "another flow", expected: flow };
    }
    case "unreadable":
      return { what: checked.why, actual: checked.why, expected: "a run that can be read" };
  }
}
