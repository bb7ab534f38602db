import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { atEnd } from "./support/at-end.ts";
import { type Finished, millrace } from "./support/cli.ts";
import { projectFolder } from "./support/folder.ts";

let folder: string;
let url: string;

beforeAll(async () => {
  folder = await projectFolder({});
  const server = await startNatsServer({ storeDir: join(folder, "nats") });
  url = server.url;
  atEnd(async () => server.stop());
  for (const key of ["a", "b", "c"]) await run("submit", "shop", "{}", "-k", key);
});

async function run(...args: readonly string[]): Promise<Finished> {
  return millrace(args, { cwd: folder, env: { NATS_URL: url } });
}

test("without a projection status says where it looked and what makes one", async () => {
  const { code, stderr } = await run("projection", "status");
  expect(code).toBe(2);
  expect(stderr).toContain(join(".millrace", "default.db"));
  expect(stderr).toContain("A server makes it");
});

test("a rebuild makes the view of all that is stored, and status counts what came since", async () => {
  const built = await run("projection", "rebuild");
  expect(built).toMatchObject({ code: 0, stderr: "" });
  expect(built.stdout).toContain("The view was rebuilt");
  expect((await run("projection")).stdout).toBe("partition 0  at 3  up to date\n");
  await run("submit", "shop", "{}", "-k", "d");
  const { stdout } = await run("projection", "status", "--json");
  expect(JSON.parse(stdout)).toMatchObject({
    partitions: [{ partition: 0, sequence: 3, lagEvents: 1, exact: true }],
  });
  const again = await run("projection", "rebuild", "--anew", "--json");
  expect(JSON.parse(again.stdout)).toMatchObject({ end: "switched" });
  expect((await run("projection", "status")).stdout).toBe("partition 0  at 4  up to date\n");
});
