import { appendFile, cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCommand } from "../../src/embedded/run-command.ts";
import { tempDir } from "./support/temp-dir.ts";

const SCRIPTS = join(import.meta.dirname, "..", "..", "scripts");

/** A small project with the real set-up; its build notes each run, and its server search too. */
async function project(): Promise<string> {
  const root = await tempDir();
  await mkdir(join(root, "src", "generated"), { recursive: true });
  await mkdir(join(root, "scripts"));
  for (const name of ["setup.mjs", "lock.mjs"]) {
    await cp(join(SCRIPTS, name), join(root, "scripts", name));
  }
  const files = {
    "package.json": {
      name: "p",
      version: "1.0.0",
      type: "module",
      scripts: { build: "node build.mjs" },
    },
    "package-lock.json": {
      name: "p",
      version: "1.0.0",
      lockfileVersion: 3,
      packages: { "": { name: "p", version: "1.0.0" } },
    },
    "tsconfig.json": {},
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(root, name), JSON.stringify(content));
  }
  await writeFile(join(root, "src", "one.ts"), "export const one = 1;\n");
  await writeFile(
    join(root, "build.mjs"),
    `import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
appendFileSync("builds.txt", "built\\n");
rmSync("dist", { recursive: true, force: true });
mkdirSync("dist/embedded", { recursive: true });
writeFileSync("src/generated/codec.js", "// " + Date.now());
writeFileSync("dist/embedded/find-nats-server.js", "export const findNatsServer = async () => ({ path: 'nats' });");
`,
  );
  await writeFile(
    join(root, "run.mjs"),
    `import { setUp } from "./scripts/setup.mjs";
const lines = [];
try {
  const { natsServer } = await setUp({ log: (line) => lines.push(line) });
  console.log(JSON.stringify({ lines, path: natsServer.path }));
} catch (error) {
  console.error(error.message.replaceAll("\\n", " "));
  process.exit(1);
}
`,
  );
  return root;
}

async function setUp(root: string): Promise<Report> {
  const output = await runCommand({
    file: process.execPath,
    args: ["run.mjs"],
    cwd: root,
    timeoutMs: 170_000,
  });
  const report: Report = JSON.parse(output);
  return report;
}

interface Report {
  readonly lines: readonly string[];
  readonly path: string;
}

async function builds(root: string): Promise<number> {
  return (await readFile(join(root, "builds.txt"), "utf8")).split("\n").length - 1;
}

test("a fresh checkout is installed and built once, and after that nothing is done", async () => {
  const root = await project();
  expect(await setUp(root)).toEqual({
    lines: ["Installing dependencies", "Building (npm run build)"],
    path: "nats",
  });
  expect((await setUp(root)).lines).toEqual([]);
  expect(await builds(root)).toBe(1);
});

test("a changed source is built, a changed lock file is installed and built", async () => {
  const root = await project();
  await setUp(root);
  await appendFile(join(root, "src", "one.ts"), "export const two = 2;\n");
  expect((await setUp(root)).lines).toEqual(["Building (npm run build)"]);
  await appendFile(join(root, "package-lock.json"), "\n");
  expect((await setUp(root)).lines).toContain("Building (npm run build)");
  expect((await setUp(root)).lines).toEqual([]);
  expect(await builds(root)).toBe(3);
});

test("set-ups that run at once install and build once between them", async () => {
  const root = await project();
  const results = await Promise.all([setUp(root), setUp(root), setUp(root)]);
  expect(results.map(({ path }) => path)).toEqual(["nats", "nats", "nats"]);
  expect(await builds(root)).toBe(1);
});

test("a build that fails is an error with what it said, and is tried again", async () => {
  const root = await project();
  const build = await readFile(join(root, "build.mjs"), "utf8");
  await writeFile(join(root, "build.mjs"), 'console.error("TS1005: oops"); process.exit(2);');
  await expect(setUp(root)).rejects.toThrow("TS1005: oops");
  await writeFile(join(root, "build.mjs"), build);
  expect((await setUp(root)).path).toBe("nats");
});
