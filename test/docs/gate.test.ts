/** The gate in docs/changing-code.md, as it is written there. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { atEnd } from "../cli/support/at-end.ts";
import { type Finished, MILLRACE, millrace, start } from "../cli/support/cli.ts";
import { projectFolder } from "../cli/support/folder.ts";
import { until } from "../cli/support/until.ts";

const page = readFileSync(
  fileURLToPath(new URL("../../docs/changing-code.md", import.meta.url)),
  "utf8",
);

test("the flow in docs/changing-code.md fits its runs, and the change to it would park them", async () => {
  const [today = "", changed = ""] = [...page.matchAll(/```ts\n(\/\/ flows\.ts\n.*?)```/gs)].map(
    ([, program]) => program,
  );
  const folder = await projectFolder({ "flows.ts": today });
  const server = await startNatsServer({ storeDir: join(folder, "nats") });
  atEnd(async () => server.stop());
  const options = { cwd: folder, env: { NATS_URL: server.url, NODE_ENV: "production" } };
  const run = (...args: readonly string[]): Promise<Finished> => millrace(args, options);

  const worker = start([MILLRACE, "serve", "flows.ts"], options);
  await worker.wrote(/Serving/);
  for (const key of ["a", "b"]) {
    await run("submit", "purchase", "99", "--key", key);
    await until(`${key} has reserved`, async () => {
      const { stdout } = await run("events", `purchase:${key}`);
      return stdout.includes("StepCompleted") ? true : undefined;
    });
  }
  await worker.stop();

  expect(await run("check", "--flow", "flows.ts")).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^2 of 2 runs fit the code/),
  });
  await writeFile(join(folder, "flows.ts"), changed);
  const { stdout, code } = await run("check", "--flow", "flows.ts");
  expect(code).toBe(1);
  const [, documented = ""] = /millrace check --flow flows\.ts\n(.*?)```/s.exec(page) ?? [];
  const lines = documented.replaceAll(/^# ?/gm, "").trimEnd().split("\n");
  // The time that it took, and which of the two comes first.
  expect(stdout.trimEnd().split("\n").slice(1, -1)).toEqual(lines.slice(1, -1));
});
