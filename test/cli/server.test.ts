import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { asked } from "../server/support/asked.ts";
import { atEnd } from "./support/at-end.ts";
import { MILLRACE, millrace, type Running, start } from "./support/cli.ts";
import { projectFolder } from "./support/folder.ts";

let folder: string;
let url: string;

beforeAll(async () => {
  folder = await projectFolder({});
  const server = await startNatsServer({ storeDir: join(folder, "nats") });
  url = server.url;
  atEnd(async () => server.stop());
});

const run = (...args: readonly string[]) => millrace(args, { cwd: folder, env: { NATS_URL: url } });

function serving(...args: readonly string[]): Running {
  return start([MILLRACE, "server", "--port", "0", ...args], {
    cwd: folder,
    env: { NATS_URL: url },
  });
}

async function addressOf(server: Running): Promise<string> {
  const [address] = await server.wrote(/http:\/\/127\.0\.0\.1:\d+/);
  return address;
}

test("millrace server prints its address, answers there, and ends in good order by SIGTERM", async () => {
  const server = serving("-n", "one");
  const address = await addressOf(server);
  const submitted = await fetch(`${address}/api/v1/runs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ flow: "nobody", key: "1" }),
  });
  expect(submitted.status).toBe(201);
  const { answer } = await asked(`${address}/api/v1/runs/nobody:1/result?wait=60s`);
  await server.wrote(/No token is needed/);
  server.kill("SIGTERM");
  // 503 if it was looked at when the server was stopping already: in either case, ask again.
  expect([202, 503]).toContain((await answer).status);
  expect(await server.finished).toMatchObject({ code: 0, stdout: `${address}\n` });
});

test("tokens are made, listed and revoked, and let in whom they should", async () => {
  const refused = await run("server", "-n", "two", "--host", "0.0.0.0", "--port", "0");
  expect(refused.code).toBe(7);
  expect(refused.stderr).toContain("millrace token create");
  const made = await run("token", "create", "-n", "two", "--scope", "read", "--name", "ann");
  expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining("Keep it now") });
  const text = made.stdout.trim();
  expect(text).toMatch(/^mr_[0-9a-f]{12}_[\w-]{43}$/);
  const address = await addressOf(serving("-n", "two"));
  const statusOf = async (headers: Readonly<Record<string, string>>) =>
    (await fetch(`${address}/api/v1/runs`, { headers })).status;
  expect(await statusOf({})).toBe(401);
  expect(await statusOf({ authorization: `Bearer ${text}` })).toBe(200);
  const listed = await run("token", "list", "-n", "two");
  expect(listed.stdout).toMatch(/^[0-9a-f]{12} {2}ann {2}read\n$/);
  expect(listed.stdout).not.toContain(text.slice(-43));
  expect((await run("token", "revoke", "-n", "two", text)).stdout).toContain("revoked");
  expect((await run("token", "revoke", "-n", "two", "0123456789ab")).code).toBe(3);
  const past = await run(
    "token",
    "create",
    "-n",
    "two",
    "--scope",
    "read",
    "--expires",
    "2020-01-01",
  );
  expect(past).toMatchObject({ code: 2, stdout: "" });
});
