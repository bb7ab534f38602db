import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startNatsServer } from "../../../src/embedded/start-nats-server.ts";
import { connect, type Millrace } from "../../../src/index.ts";
import { atEnd } from "../../cli/support/at-end.ts";
import { type Running, start } from "../../cli/support/cli.ts";
import { JITI } from "../../support/jiti.ts";

const EXAMPLES = join(import.meta.dirname, "..", "..", "..", "examples");

/** A broker for the examples of one test file, and a connection to look at what they did. */
export async function openBroker(): Promise<{
  readonly url: string;
  readonly millrace: Millrace;
}> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-examples-"));
  atEnd(async () => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  const server = await startNatsServer({ storeDir: folder });
  atEnd(async () => server.stop());
  const millrace = await connect({ servers: server.url });
  atEnd(async () => millrace.close());
  return { url: server.url, millrace };
}

/** `npm run example <name>`, without the set-up that would build anew under the feet of other tests. */
export function startExample(url: string, ...args: readonly string[]): Running {
  return start([join(EXAMPLES, "run.mjs"), ...args], { cwd: EXAMPLES, env: { NATS_URL: url } });
}

/** One file of an example, as a process of its own. */
export function startFile(url: string, file: string): Running {
  return start([JITI, join(EXAMPLES, file)], { cwd: EXAMPLES, env: { NATS_URL: url } });
}
