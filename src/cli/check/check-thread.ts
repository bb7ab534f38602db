/** One thread of `millrace check`: it loads the flow file by itself, has no connection, and gives plain results. */
import { parentPort, workerData } from "node:worker_threads";
import type { Bundle } from "../../bundle/bundle.ts";
import { bundlePayloads } from "../../bundle/bundle-payloads.ts";
import { readBundle } from "../../bundle/read-bundle.ts";
import { eachPayload } from "../../bundle/run-payloads.ts";
import { type CheckedRun, checkRun } from "../../debug/checked-run.ts";
import type { AnyDefinition } from "../../definition/definition.ts";
import { parseRunId } from "../../engine/run-id.ts";
import { recordedRun } from "../../history/recorded-run.ts";
import type { PayloadOptions } from "../../index.ts";
import { CliError } from "../cli-error.ts";
import { loadCode } from "../flow-of.ts";
import { loadPayloadOptions } from "../load-payload-options.ts";
import type { CheckAnswer, CheckTask, CheckThreadOptions } from "./check-messages.ts";
import { type PackedRun, unpackRun } from "./packed-run.ts";

if (parentPort !== null) await answerTasks(parentPort);

async function answerTasks(port: NonNullable<typeof parentPort>): Promise<void> {
  const { flowFile, payloadsFile } = workerData as CheckThreadOptions;
  const say = (answer: CheckAnswer): void => port.postMessage(answer);
  let code: ReadonlyMap<string, AnyDefinition>;
  let options: PayloadOptions;
  try {
    code = await loadCode(flowFile);
    options = await loadPayloadOptions(payloadsFile);
  } catch (error) {
    return say(refusal(error));
  }
  // One at a time: whoever blocks the thread or throws from a timer is known then.
  let before: Promise<void> = Promise.resolve();
  port.on("message", (task: CheckTask) => {
    before = before.then(async () => say(await answerTo(task, code, options)));
  });
  say({ kind: "ready", names: [...code.keys()] });
}

async function answerTo(
  task: CheckTask,
  code: ReadonlyMap<string, AnyDefinition>,
  options: PayloadOptions,
): Promise<CheckAnswer> {
  const read = task.kind === "run" ? readPacked(task.packed) : await readFile(task);
  if ("verdict" in read) return { kind: "checked", checked: read };
  if (task.kind === "run" && task.packed.blobs === undefined && hasBlobs(read)) {
    return { kind: "needs-blobs" };
  }
  const checked = await checkRun(read, code, bundlePayloads(read, options));
  return { kind: "checked", checked };
}

function readPacked(packed: PackedRun): Bundle | CheckedRun {
  const { id, blobs = [] } = packed;
  const stored = unpackRun(packed);
  const run = recordedRun(stored, id);
  if (run !== undefined) {
    return { ...run, namespace: "", stored, blobs, redacted: [], decrypted: false };
  }
  const why = "its submission cannot be read";
  return { run: id, flow: parseRunId(id).flow, verdict: "unreadable", why };
}

async function readFile({
  file,
  bytes,
}: Extract<CheckTask, { kind: "bundle" }>): Promise<Bundle | CheckedRun> {
  try {
    return await readBundle(bytes, { name: file });
  } catch (error) {
    return { run: file, flow: "", verdict: "unreadable", why: textOf(error) };
  }
}

function hasBlobs(run: Bundle): boolean {
  for (const { blob } of eachPayload(run)) if (blob !== undefined) return true;
  return false;
}

function refusal(error: unknown): CheckAnswer {
  const cause =
    error instanceof Error && error.cause !== undefined ? ` ${textOf(error.cause)}` : "";
  const code = error instanceof CliError ? error.code : "FILE_NOT_LOADED";
  return { kind: "refused", code, message: `${textOf(error)}${cause}` };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
