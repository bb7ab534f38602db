/** `explain`, `workers` and `queues`, as a user sees them. */
import { join } from "node:path";
import { pino } from "pino";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { connect, flow, type Millrace, type ServingWorker, serve } from "../../src/index.ts";
import { atEnd } from "./support/at-end.ts";
import { type Finished, MILLRACE, millrace, start } from "./support/cli.ts";
import { projectFolder } from "./support/folder.ts";

let folder: string;
let url: string;
let namespaces = 0;

beforeAll(async () => {
  folder = await projectFolder({});
  const server = await startNatsServer({ storeDir: join(folder, "nats") });
  url = server.url;
  atEnd(async () => server.stop());
});

const sleeps = flow("sleeps", async (ctx) => ctx.sleep("1h"));

interface Bed {
  readonly client: Millrace;
  readonly run: (...args: readonly string[]) => Promise<Finished>;
  readonly env: Readonly<Record<string, string>>;
  readonly serving: () => Promise<ServingWorker>;
}

/** A namespace of its own. */
async function open(): Promise<Bed> {
  const namespace = `ns${++namespaces}`;
  const client = await connect({ servers: url, namespace });
  onTestFinished(() => client.close());
  const env = { NATS_URL: url, MILLRACE_NAMESPACE: namespace };
  const run = async (...args: readonly string[]): Promise<Finished> =>
    millrace(args, { cwd: folder, env });
  const serving = async (): Promise<ServingWorker> => {
    const worker = await serve([sleeps], { connection: client, log: pino({ level: "silent" }) });
    onTestFinished(() => worker.drain());
    return worker;
  };
  return { client, run, env, serving };
}

test("explain says why a run does not move and what to do, and changes nothing by that", async () => {
  const { client, run } = await open();
  await client.submit(sleeps, undefined, { key: "a" });
  const { stdout, code } = await run("explain", "sleeps:a");
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^sleeps:a {2}pending\nNobody serves queue sleeps, .*\.\n {2}next +Start a worker/,
  );
  const json = await run("explain", "sleeps:a", "--json");
  expect(JSON.parse(json.stdout)).toMatchObject({
    run: "sleeps:a",
    status: "pending",
    reason: "nobody-serves-queue",
    facts: { queue: "sleeps" },
  });
});

test("explain of a run that does not exist says so, with exit code 3", async () => {
  const { run } = await open();
  const { stdout, code } = await run("explain", "sleeps:nothing");
  expect(stdout).toContain("There is no run sleeps:nothing");
  expect(code).toBe(3);
});

test("explain --watch shows what has changed, until it is stopped", async () => {
  const { client, env, serving } = await open();
  await client.submit(sleeps, undefined, { key: "a" });
  const watching = start([MILLRACE, "explain", "sleeps:a", "--watch"], {
    cwd: folder,
    env,
  });
  await watching.wrote(/nobody-serves-queue/);
  await serving();
  await watching.wrote(/reason +sleeping/);
  watching.kill("SIGINT");
  expect((await watching.finished).code).toBe(0);
});

test("workers lists who serves, and those that have stopped only when asked for all", async () => {
  const { run, serving } = await open();
  expect((await run("workers")).stderr).toContain("No worker serves this namespace.");
  const worker = await serving();
  const { stdout } = await run("workers");
  expect(stdout).toMatch(/^worker +status +executes +holds +lag +up +seen +version +queues\n/);
  expect(stdout).toContain(`${worker.id}  serving  0 of 100`);
  await worker.drain();
  expect((await run("workers")).stdout).toBe("");
  const all = await run("workers", "--all", "--json");
  expect(JSON.parse(all.stdout)).toMatchObject([{ id: worker.id, status: "stopped" }]);
});

test("queues lists every queue with what waits there and who serves it; queue list only the settled ones", async () => {
  const { client, run, serving } = await open();
  expect((await run("queues")).stderr).toContain("There are no queues yet");
  // Before there is a worker: one that serves goes on until it has heard of it.
  await client.queue("sleeps").pause();
  const worker = await serving();
  await client.submit(sleeps);
  await client.queue("empty").set({ concurrency: 3 });
  const queues: readonly { readonly name: string }[] = JSON.parse(
    (await run("queues", "--json")).stdout,
  );
  // Beside those of Millrace itself.
  expect(queues.filter(({ name }) => !name.startsWith("millrace"))).toMatchObject([
    { name: "empty", concurrency: 3, waiting: 0, workers: [] },
    { name: "sleeps", paused: true, workers: [worker.id] },
  ]);
  expect(queues).toEqual(JSON.parse(JSON.stringify(await client.queues())));
  const { stdout } = await run("queues");
  expect(stdout).toMatch(
    /^queue +waiting .*\nempty +0 .*0 of 3 .*\nmillrace .*\nsleeps .*1 +paused\n$/,
  );
  await client.queue("sleeps").resume();
  expect((await run("queue", "list")).stdout).toMatch(/^empty .*\n$/);
});
