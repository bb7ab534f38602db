import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { carryBlobs } from "../../bundle/carry-blobs.ts";
import { type OpenRun, openRun, openRuns, readOpenRun } from "../../client/open-runs.ts";
import { parseRunId } from "../../engine/run-id.ts";
import { recordedRun } from "../../history/recorded-run.ts";
import type { Millrace } from "../../index.ts";
import { CliError } from "../cli-error.ts";
import type { CheckTask } from "./check-messages.ts";
import { packRun } from "./packed-run.ts";
import { Sample } from "./sample.ts";

/** A run that is to be checked, and how it is read when its turn comes. */
export interface Candidate {
  readonly id: string;
  readonly flow: string;
  /** Nothing when it is not open any more. */
  readonly read: () => Promise<CheckTask | undefined>;
  /** The same with the blobs that it names. */
  readonly readWithBlobs: () => Promise<CheckTask | undefined>;
}

/** The open runs of a namespace, or those among what a query finds. */
export async function* runsToCheck(
  millrace: Millrace,
  query: string | undefined,
): AsyncGenerator<Candidate> {
  const { host } = millrace;
  if (query === undefined) {
    for await (const open of openRuns(host)) {
      yield candidateOf(millrace, open.run, async () => open);
    }
    return;
  }
  for await (const { id } of millrace.runs.list(query, { pageSize: 500 })) {
    const { flow } = parseRunId(id);
    yield candidateOf(millrace, { id, flow }, () => openRun(host, id));
  }
}

/** The bundles in a folder and those below it, by name. @throws {@link CliError} `FILE_NOT_READABLE` */
export async function* bundlesToCheck(folder: string): AsyncGenerator<Candidate> {
  const names = await readdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new CliError("FILE_NOT_READABLE", `The folder ${folder} cannot be read.`, { cause });
  });
  for (const name of names.filter((one) => one.endsWith(".mrun")).toSorted()) {
    const file = join(folder, name);
    const read = async (): Promise<CheckTask> => ({
      kind: "bundle",
      file,
      bytes: new Uint8Array(await readFile(file)),
    });
    yield { id: file, flow: "", read, readWithBlobs: read };
  }
}

/** So many of them, chosen by the seed. */
export async function* sampleOf(
  candidates: AsyncIterable<Candidate>,
  size: number,
  seed: string,
): AsyncGenerator<Candidate> {
  const sample = new Sample<Candidate>(size, seed);
  for await (const candidate of candidates) sample.add(candidate.id, candidate);
  yield* sample.items;
}

function candidateOf(
  { host, payloads }: Millrace,
  { id, flow }: { readonly id: string; readonly flow: string },
  find: () => Promise<OpenRun | undefined>,
): Candidate {
  const read = async (isWhole: boolean): Promise<CheckTask | undefined> => {
    const open = await find();
    const stored = open === undefined ? undefined : await readOpenRun(host, open);
    if (stored === undefined) return undefined;
    if (!isWhole) return { kind: "run", packed: packRun(id, stored) };
    const run = recordedRun(stored, id);
    // Whoever needs a blob that is not there will hear of it.
    const blobs = run === undefined ? [] : await carryBlobs(run, payloads, () => undefined);
    return { kind: "run", packed: packRun(id, stored, blobs) };
  };
  return { id, flow, read: () => read(false), readWithBlobs: () => read(true) };
}
