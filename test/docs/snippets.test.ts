import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type NatsServer, startNatsServer } from "../../src/embedded/start-nats-server.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let folder: string;
let server: NatsServer;

beforeAll(async () => {
  // Below the project, where "millrace" is this package as its users import it.
  mkdirSync(join(root, ".tmp"), { recursive: true });
  folder = mkdtempSync(join(root, ".tmp", "docs-"));
  server = await startNatsServer({ storeDir: join(folder, "nats") });
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("the program in the README runs, and says what it promises", async () => {
  const output = await run("readme", firstProgram("README.md"));
  expect(output).toContain("paid 999 (checkout:order-42/charge#1)");
  expect(output.match(/label for 42/g)).toHaveLength(2);
});

test("the test in docs/testing.md runs", async () => {
  const output = await run("testing", firstProgram("docs/testing.md"));
  expect(output).toContain("a mail to ann");
});

test("the program in docs/submitting.md submits many, and tells of each that was refused", async () => {
  const output = await run("submitting", firstProgram("docs/submitting.md"));
  expect(output).toContain("990 accepted, 10 refused");
  expect(output).toContain("990 done");
});

test("the flow in docs/changing-code.md fails at the line that is named", async () => {
  const output = await run("invoice", firstProgram("docs/changing-code.md"));
  expect(output).toMatch(/Math\.random\(\) in flow code at \S*invoice\.ts:4: a replay of invoice:/);
});

test("the program in docs/payloads.md runs, and stores its large value encrypted", async () => {
  const output = await run("payloads", firstProgram("docs/payloads.md"));
  expect(output).toContain("{ bytes: 6000000, head: '1,2,3' }");
  expect(output).toMatch(/<blob of 7000039 bytes in jetstream: .*, encoded by aes-gcm>/);
});

function firstProgram(file: string): string {
  const program = /```ts\n(.*?)```/s.exec(readFileSync(join(root, file), "utf8"))?.[1];
  if (program === undefined) throw new Error(`${file} has no program`);
  return program.replaceAll("nats://127.0.0.1:4222", server.url);
}

async function run(name: string, program: string): Promise<string> {
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, program);
  const child = spawn(process.execPath, [join(root, "node_modules/jiti/lib/jiti-cli.mjs"), file], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 30_000,
    killSignal: "SIGKILL",
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += String(chunk);
  });
  child.stderr.on("data", (chunk) => {
    output += String(chunk);
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  expect({ code, output }).toMatchObject({ code: 0 });
  return output;
}
