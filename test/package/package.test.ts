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

test("every package that runs is a dependency or an optional peer, and none is installed for nothing", async () => {
  const files = await filesUnder(unpacked);
  const { dependencies, peerDependenciesMeta } = await manifestOf(unpacked);
  const atRun = await importedBy(files.filter((file) => file.endsWith(".js")));
  const inTypes = await importedBy(files.filter((file) => file.endsWith(".d.ts")));
  const names = Object.keys(dependencies);
  const peers = Object.keys(peerDependenciesMeta).filter((name) => atRun.has(name));
  expect([...atRun].filter((name) => !names.includes(name)).toSorted()).toEqual(peers);
  expect(Object.values(peerDependenciesMeta).every(({ optional }) => optional)).toBe(true);
  expect(names.filter((name) => !atRun.has(name) && !inTypes.has(name))).toEqual([]);
});

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

/** A user's test of a flow, without a server and with time moved by hand. */
const TEST_PROGRAM = `
import { flow, Millrace, serve } from "millrace";
import { type ReplayOptions, replay } from "millrace/debug";
import { ManualClock, MemoryBroker } from "millrace/testing";

const nap = flow("nap", async (ctx, hours: number) => {
  await ctx.sleep(hours * 3_600_000);
  return ctx.now();
});

const clock = new ManualClock(0);
const broker = new MemoryBroker({ clock });
const connection = new Millrace(broker.connect(), clock);
const worker = await clock.until(serve([nap], { connection, clock }));
const run = await clock.until(connection.submit(nap, 8, { key: "night" }));
const result: number = await clock.until(run.result(), 24 * 3_600_000);
console.log(run.id, result / 3_600_000);
await clock.until(worker.drain());
const options: ReplayOptions = { definition: nap };
console.log("debug", typeof replay, options.definition.name);
`;

/** A store in S3, in a project that has not installed the AWS SDK. */
const S3_PROGRAM = `
import { type BlobStore, BlobStoreError } from "millrace";
import { S3BlobStore } from "millrace/s3";

const store: BlobStore = new S3BlobStore({ bucket: "payloads", serverSideEncryption: { type: "kms" } });
const error: unknown = await store.get("key").catch((thrown: unknown) => thrown);
console.log(error instanceof BlobStoreError ? error.message : "no error");
`;

const PROGRAMS = { program: PROGRAM, "test-program": TEST_PROGRAM, "s3-program": S3_PROGRAM };

test("programs type-check under nodenext resolution, the types of the package included", async () => {
  expect(await compiled()).toBe("");
});

test("programs type-check under bundler resolution, the types of the package included", async () => {
  await compiled();
  expect(await typeCheck("bundler", { noEmit: true })).toBe("");
});

let compiling: Promise<string> | undefined;

/** Type-checks the programs and leaves them in the project to run, once; gives what the compiler says. */
function compiled(): Promise<string> {
  compiling ??= (async () => {
    for (const [name, text] of Object.entries(PROGRAMS)) {
      await writeFile(join(project, `${name}.ts`), text);
    }
    return typeCheck("nodenext", { noEmit: false });
  })();
  return compiling;
}

async function typeCheck(
  resolution: "nodenext" | "bundler",
  options: { readonly noEmit: boolean },
): Promise<string> {
  const config = join(project, `tsconfig.${resolution}.json`);
  const compilerOptions = {
    target: "es2023",
    lib: ["es2023", "esnext.disposable"],
    module: resolution === "bundler" ? "esnext" : "nodenext",
    moduleResolution: resolution,
    types: ["node"],
    strict: true,
    skipLibCheck: false,
    ...options,
  };
  const files = Object.keys(PROGRAMS).map((name) => `${name}.ts`);
  await writeFile(config, JSON.stringify({ compilerOptions, files }));
  return await runScript(toolScript("typescript/bin/tsc"), ["-p", config], project);
}

test("the program runs from the installed package", async () => {
  await compiled();
  await using server = await startNatsServer({ storeDir: join(directory, "nats") });
  const printed = await runScript(join(project, "program.js"), [server.url], project);
  expect(printed.split("\n")).toContain("sum:order-42 12");
});

test("the test of a flow runs from the installed package, without a server", async () => {
  await compiled();
  const printed = await runScript(join(project, "test-program.js"), [], project);
  expect(printed.split("\n")).toContain("nap:night 8");
  expect(printed.split("\n")).toContain("debug function nap");
});

test("a store in S3 says what to install where the AWS SDK is not there", async () => {
  await compiled();
  const printed = await runScript(join(project, "s3-program.js"), [], project);
  expect(printed).toContain("npm install @aws-sdk/client-s3 @aws-sdk/lib-storage");
});

test("the command line starts from the installed package and tells its version", async () => {
  const { bin, version } = await manifestOf(unpacked);
  const file = join(project, "node_modules", "millrace", bin["millrace"] ?? "");
  expect(await readFile(file, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  expect((await runScript(file, ["--version"], project)).trim()).toBe(version);
  const help = await runScript(file, ["--help"], project);
  for (const command of ["serve", "submit", "result", "show", "watch", "events", "doctor"]) {
    expect(help).toContain(` ${command} `);
  }
});

test("everything that the manifest exports is in the package", async () => {
  const { exports } = await manifestOf(unpacked);
  const targets = Object.values(exports).flatMap((target) =>
    typeof target === "string" ? [target] : Object.values(target),
  );
  const files = await filesUnder(unpacked);
  expect(targets.filter((target) => !files.includes(target.replace("./", "")))).toEqual([]);
});

test("package linters have nothing to say of it", async () => {
  const report = await runScript(toolScript("publint/src/cli.js"), [".", "--strict"], ROOT);
  expect(report).toContain("All good!");
});

test("the types resolve as they are exported, for every way of importing an ESM package", async () => {
  const args = ["--pack", ".", "--profile", "esm-only", "--quiet"];
  const script = toolScript("@arethetypeswrong/cli/dist/index.js");
  expect(await runScript(script, args, ROOT)).toBe("");
});

test("what is not exported cannot be imported", async () => {
  await writeFile(join(project, "deep.js"), 'await import("millrace/dist/index.js");');
  await expect(runScript(join(project, "deep.js"), [], project)).rejects.toThrow(
    "ERR_PACKAGE_PATH_NOT_EXPORTED",
  );
});
