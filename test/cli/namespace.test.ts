import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { connect } from "../../src/index.ts";
import { atEnd } from "./support/at-end.ts";
import { MILLRACE, millrace, start } from "./support/cli.ts";
import { FLOWS } from "./support/flows.ts";
import { projectFolder } from "./support/folder.ts";

let folder: string;
let url: string;

beforeAll(async () => {
  folder = await projectFolder({ "flows.ts": FLOWS });
  const server = await startNatsServer({ storeDir: join(folder, "nats") });
  url = server.url;
  atEnd(async () => server.stop());
});

const namespace = (...args: readonly string[]) =>
  millrace(["namespace", ...args, "-s", url], { cwd: folder });

test("partitions are added, and shown with what they hold", async () => {
  await using connection = await connect({ servers: url, namespace: "shown" });
  await connection.submit("nobody", 1, { key: "a" });
  await connection.close();

  const added = await namespace("add-partitions", "2", "-n", "shown");
  expect(added.code).toBe(0);
  expect(added.stdout).toContain("Namespace shown has partitions 1 + 2.");

  const shown = await namespace("show", "--json", "-n", "shown");
  expect(JSON.parse(shown.stdout)).toMatchObject({
    namespace: "shown",
    layers: [1, 2],
    isBeingAdded: false,
    partitions: [
      { partition: 0, takesNewRuns: false, replicas: 1 },
      { partition: 1, takesNewRuns: true, messages: 0 },
      { partition: 2, takesNewRuns: true, messages: 0 },
    ],
  });
  const doctor = await millrace(["doctor", "--json", "-s", url, "-n", "shown"], { cwd: folder });
  const { checks } = JSON.parse(doctor.stdout) as { checks: { name: string; level: string }[] };
  const streams = checks.filter(({ name }) => name.startsWith("stream MR_shown"));
  expect(streams.filter(({ level }) => level !== "ok")).toEqual([]);
  expect(streams.length).toBeGreaterThanOrEqual(3);
});

test("a namespace that workers serve is not changed, unless they are to be disconnected", async () => {
  const worker = start([MILLRACE, "serve", "flows.ts", "-s", url, "-n", "served"], { cwd: folder });
  await worker.wrote(/Serving/);
  const refused = await namespace("add-partitions", "2", "--json", "-n", "served");
  expect(refused.code).toBe(7);
  expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: "NAMESPACE_SERVED" } });

  expect((await namespace("add-partitions", "2", "--force", "-n", "served")).code).toBe(0);
  expect((await worker.finished).code).toBe(5);
});

test("there are no partitions to add where there is no namespace, and no part of one", async () => {
  const missing = await namespace("add-partitions", "2", "--json", "-n", "nowhere");
  expect(missing.code).toBe(3);
  expect(JSON.parse(missing.stderr)).toMatchObject({ error: { code: "NAMESPACE_NOT_FOUND" } });
  expect((await namespace("add-partitions", "1.5", "-n", "nowhere")).code).toBe(2);
});
