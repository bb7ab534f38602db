import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startNatsServer } from "../../src/embedded/start-nats-server.ts";
import {
  filesUnder,
  manifestOf,
  packInto,
  projectWith,
  ROOT,
  runScript,
  toolScript,
} from "./support/pack.ts";

let directory: string;
/** The package as a user gets it, unpacked. */
let unpacked: string;
/** A project that has it installed. */
let project: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "millrace-package-"));
  unpacked = await packInto(directory);
  project = await projectWith(unpacked, join(directory, "project"));
});

afterAll(async () => rm(directory, { recursive: true, force: true, maxRetries: 3 }));

const ALLOWED = [
  /^dist\/[\w/-]+\.js$/,
  /^dist\/[\w/-]+\.d\.ts$/,
  /^proto\/millrace\/v1\/[\w-]+\.proto$/,
  /^(README|CHANGELOG)\.md$/,
  /^LICENSE$/,
  /^package\.json$/,
];

test("the package holds what a user needs and nothing else", async () => {
  const files = await filesUnder(unpacked);
  expect(files.filter((file) => !ALLOWED.some((pattern) => pattern.test(file)))).toEqual([]);
  expect(files).toEqual(
    expect.arrayContaining([
      "LICENSE",
      "package.json",
      "proto/millrace/v1/millrace.proto",
      "dist/index.js",
      "dist/index.d.ts",
      "dist/jetstream/lease-thread.js",
      "dist/wire/generated/millrace.js",
    ]),
  );
  expect(files.filter((file) => /(^|[/.])(test|spec|bench|fixtures?)[/.]/.test(file))).toEqual([]);
});

test("no file of the package names the folder it was built in, or a map that is left out", async () => {
  const files = await filesUnder(unpacked);
  const texts = await Promise.all(files.map((file) => readFile(join(unpacked, file), "utf8")));
  const told = (what: string): readonly string[] =>
    files.filter((_, at) => texts[at]?.includes(what) === true);
  expect(told(ROOT)).toEqual([]);
  expect(told("sourceMappingURL")).toEqual([]);
});

test("every package that runs is a dependency", async () => {
  const { dependencies } = await manifestOf(unpacked);
  const imported = await importedBy((await filesUnder(unpacked)).filter(isScript));
  expect([...imported].filter((name) => !(name in dependencies))).toEqual([]);
});

function isScript(file: string): boolean {
  return file.endsWith(".js");
}

/** The names of the packages that these files import. */
async function importedBy(files: readonly string[]): Promise<ReadonlySet<string>> {
  const imported = new Set<string>();
  for (const file of files) {
    const text = await readFile(join(unpacked, file), "utf8");
    for (const [, name = ""] of text.matchAll(
      /(?:\bfrom|^import|\bimport\() ?"((?:@[\w-]+\/)?\w[\w-]*)(?=["/])/gm,
    )) {
      imported.add(name);
    }
  }
  return imported;
}

const PROGRAM = `
import { connect, FatalError, flow, type RunHandle, serve, task } from "millrace";

const double = task("double", { retry: { attempts: 2 } }, async (n: number, { attempt }) => n * 2 * attempt);
const sum = flow("sum", async (ctx, numbers: readonly number[]) => {
  const doubled = await ctx.all(numbers, (n) => ctx.run(double, n));
  if (doubled.length === 0) throw new FatalError("NOTHING", "Nothing to add");
  return doubled.reduce((a, b) => a + b, 0);
});

const millrace = await connect({ servers: process.argv[2] ?? "" });
const worker = await serve([sum, double], { connection: millrace });
const run: RunHandle<number> = await millrace.submit(sum, [1, 2, 3], { key: "order-42" });
const result: number = await run.result({ timeout: "20s" });
console.log(run.id, result);
await worker.drain();
await millrace.close();
`;

test.each(["nodenext", "bundler"])(
  "a program type-checks under %s resolution, the types of the package included",
  async (resolution) => {
    const config = join(project, `tsconfig.${resolution}.json`);
    const compilerOptions = {
      target: "es2023",
      lib: ["es2023", "esnext.disposable"],
      module: resolution === "bundler" ? "esnext" : "nodenext",
      moduleResolution: resolution,
      types: ["node"],
      strict: true,
      skipLibCheck: false,
      noEmit: true,
    };
    await writeFile(config, JSON.stringify({ compilerOptions, files: ["program.ts"] }));
    await writeFile(join(project, "program.ts"), PROGRAM);
    expect(await runScript(toolScript("typescript/bin/tsc"), ["-p", config], project)).toBe("");
  },
);

test("the same program runs from the installed package", async () => {
  await writeFile(join(project, "program.ts"), PROGRAM);
  const options = ["--target", "es2023", "--module", "nodenext", "--types", "node"];
  const compile = [...options, "--skipLibCheck", "program.ts"];
  await runScript(toolScript("typescript/bin/tsc"), compile, project);
  await using server = await startNatsServer({ storeDir: join(directory, "nats") });
  const printed = await runScript(join(project, "program.js"), [server.url], project);
  expect(printed.split("\n")).toContain("sum:order-42 12");
});

test("what is not exported cannot be imported", async () => {
  await writeFile(join(project, "deep.js"), 'await import("millrace/dist/index.js");');
  await expect(runScript(join(project, "deep.js"), [], project)).rejects.toThrow(
    "ERR_PACKAGE_PATH_NOT_EXPORTED",
  );
});
