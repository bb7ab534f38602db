import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import { Receiver } from "../automation/webhooks/support/receiver.ts";
import { atEnd } from "./support/at-end.ts";
import { MILLRACE, millrace, start } from "./support/cli.ts";
import { projectFolder } from "./support/folder.ts";

const FLOWS = `
import { flow } from "millrace";
export const hello = flow("hello", () => "hello");
`;

let folder: string;
let url: string;

beforeAll(async () => {
  folder = await projectFolder({ "flows.ts": FLOWS });
  const server = await startNatsServer({ storeDir: join(folder, "nats") });
  url = server.url;
  atEnd(async () => server.stop());
  const serving = ["serve", "flows.ts", "-s", url, "--allow-webhook", "127.0.0.1"];
  const worker = start([MILLRACE, ...serving], { cwd: folder });
  await worker.wrote(/Serving/);
});

async function run(...args: readonly string[]) {
  return millrace(args, { cwd: folder, env: { NATS_URL: url } });
}

test("an endpoint is made, its secret is shown once, it receives a test, is rotated, disabled, enabled and removed", async () => {
  const receiver = await Receiver.start();
  const made = await run(
    "webhooks",
    "put",
    "shop",
    receiver.url,
    "-H",
    "x-key=abcdefgh",
    "--retry",
    "50ms",
  );
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^whsec_\S+$/m) });
  expect(made.stdout).toContain("again after 50ms");
  const [secret = ""] = /whsec_\S+/.exec(made.stdout) ?? [];
  const shown = await run("webhooks", "show", "shop", "--json");
  expect(JSON.parse(shown.stdout)).toMatchObject({ name: "shop", headers: ["x-key"] });
  for (const hidden of [secret, "abcdefgh"]) expect(shown.stdout).not.toContain(hidden);

  expect((await run("webhooks", "test", "shop")).stdout).toMatch(
    /^millrace-webhook:\S+: answered 200$/m,
  );
  const [request] = receiver.requests;
  expect(request?.headers["x-key"]).toBe("abcdefgh");
  expect(JSON.parse(request?.body ?? "")).toMatchObject({ type: "millrace.test" });

  const rotated = await run("webhooks", "rotate", "shop", "--json");
  expect(JSON.parse(rotated.stdout)).toMatchObject({ secrets: [{}, {}] });
  expect((await run("webhooks", "disable", "shop", "--reason", "it moves")).stdout).toContain(
    "disabled: it moves",
  );
  const refused = await run("webhooks", "test", "shop");
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("it moves") });
  expect((await run("webhooks", "enable", "shop")).stdout).not.toContain("disabled: ");
  expect((await run("webhooks", "list")).stdout).toBe(`shop  ${receiver.url}\n`);
  expect(await run("webhooks", "remove", "shop")).toMatchObject({ code: 0 });
  expect(await run("webhooks", "show", "shop")).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("There is no webhook shop"),
  });
});

test("what cannot be an endpoint is refused before anything is stored, without its secret", async () => {
  const ftp = await run("webhooks", "put", "bad", "ftp://shop.test/");
  expect(ftp).toMatchObject({ code: 2, stderr: expect.stringContaining("https://") });
  const user = await run("webhooks", "put", "bad", "https://ann:geheim1@shop.test/");
  expect(user).toMatchObject({ code: 2, stderr: expect.stringContaining("authorization header") });
  expect(user.stderr).not.toContain("geheim1");
  const secret = await run("webhooks", "put", "bad", "https://shop.test/", "--secret", "too-short");
  expect(secret).toMatchObject({ code: 2, stderr: expect.stringContaining("24 to 64 bytes") });
  expect(secret.stderr).not.toContain("too-short");
  const header = await run("webhooks", "put", "bad", "https://shop.test/", "-H", "host=x");
  expect(header).toMatchObject({ code: 2, stderr: expect.stringContaining("by Millrace itself") });
  expect((await run("webhooks", "list", "--json")).stdout).toBe("[]\n");
});

test("a hook is made with a secret of a file, shown without it, rotated and removed", async () => {
  writeFileSync(join(folder, "secret.txt"), "whsec_of_stripe\n");
  const none = await run("hooks", "put", "pay", "--kind", "stripe");
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining("Stripe shows") });
  const made = await run("hooks", "put", "pay", "--kind", "stripe", "--secret", "@secret.txt");
  expect(made.stdout).toMatch(/^pay {2}stripe {2}emits stripe\.\{event\} {2}POST \/hooks\/pay$/m);
  expect(made.stdout).not.toContain("whsec_of_stripe");
  const hub = await run("hooks", "put", "hub", "--kind", "github");
  expect(hub.stdout).toMatch(/^whsec_\S+$/m);
  const rotated = await run("hooks", "rotate", "hub", "--json");
  expect(JSON.parse(rotated.stdout)).toMatchObject({ secrets: [{}, {}], kind: "github" });
  const listed = JSON.parse((await run("hooks", "list", "--json")).stdout) as { name: string }[];
  expect(listed.map(({ name }) => name)).toEqual(["hub", "pay"]);
  expect(await run("hooks", "remove", "pay")).toMatchObject({ code: 0 });
  expect(await run("hooks", "show", "pay")).toMatchObject({ code: 3 });
});
