import { expect, test } from "vitest";
import { alone, type Finished, millrace } from "./support/cli.ts";
import { projectFolder } from "./support/folder.ts";

const folder = await projectFolder({
  "empty.ts": "export const nothing = 1;",
  "broken.ts": "export const = 3;",
  "throws.ts": 'throw new TypeError("no such table", { cause: new Error("the disk") });',
  "bad.json": '{"item": ',
  "empty.json": "",
});

/** Nothing listens on port 1. */
const NOWHERE = ["-s", "nats://127.0.0.1:1"];
const COMMANDS =
  "dev serve submit result show watch events signal cancel terminate resume dead doctor".split(" ");

async function run(args: readonly string[], stdin?: string | Uint8Array): Promise<Finished> {
  return millrace(args, { cwd: folder, ...(stdin === undefined ? {} : { stdin }) });
}

async function failure(args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await run([...args, "--json"]);
  expect(stdout).toBe("");
  const { error } = JSON.parse(stderr) as { readonly error: Record<string, unknown> };
  expect(error["exitCode"]).toBe(code);
  expect(error["message"]).toEqual(expect.stringMatching(/\S/));
  return error;
}

test("--help names every command, the exit codes and examples, on stdout", async () => {
  const { code, stdout, stderr } = await run(["--help"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, "m"));
  for (const exitCode of [0, 1, 2, 3, 4, 5, 6, 7, 70]) {
    expect(stdout).toMatch(new RegExp(`^ {2}${exitCode} +\\w`, "m"));
  }
  expect(stdout).toContain("NATS_URL");
});

test.each(COMMANDS)(
  "%s --help has an example and the options of every command",
  async (command) => {
    const { code, stdout } = await run([command, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`\\$ .*millrace ${command}`));
    expect(stdout).toMatch(/--servers <urls>[\s\S]+--json/);
  },
);

test.each([
  ["help", ["--help"], 0],
  ["a mistake", ["show", "a:b", "--jsno"], 2],
  ["a broker that is not there", ["show", "a:b", ...NOWHERE], 5],
  ["a flow file that is not there", ["serve", "no.ts"], 2],
])("after %s the process ends with that exit code, and has written all", async (_, args, code) => {
  expect(await alone(args, { cwd: folder })).toEqual({ ...(await run(args)), code });
});

test("--version is the package's version", async () => {
  expect((await run(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
});

test("no command at all shows the help and is wrong use", async () => {
  const { code, stderr } = await run([]);
  expect(code).toBe(2);
  expect(stderr).toContain("Usage: millrace");
});

test.each([
  ["an unknown command", ["sumbit", "shop"], "USAGE"],
  ["an unknown option", ["show", "a:b", "--jsno"], "USAGE"],
  ["no argument", ["show"], "USAGE"],
  ["an argument too many", ["show", "a:b", "c:d"], "USAGE"],
  ["a duration without a unit that exists", ["result", "a:b", "--timeout", "3 parsecs"], "USAGE"],
  ["a negative duration", ["result", "a:b", "--timeout", "-1"], "USAGE"],
  ["a sequence that is no number", ["events", "a:b", "--from", "x"], "USAGE"],
  ["a limit of nothing", ["serve", "empty.ts", "--limit", "0"], "USAGE"],
  ["metadata without a value", ["submit", "a", "--metadata", "x"], "USAGE"],
  ["a timeout without a wait", ["submit", "a", "--timeout", "1s"], "USAGE"],
  ["a time that is none", ["submit", "a", "--at", "tomorrow"], "USAGE"],
  ["a deadline that is none", ["submit", "a", "--deadline", "2030-13-45T00:00:00Z"], "USAGE"],
  [
    "a start with a delay and a time",
    ["submit", "a", "--at", "2030-01-01", "--delay", "1s"],
    "USAGE",
  ],
  ["another broker for dev", ["dev", "empty.ts", ...NOWHERE], "USAGE"],
  ["input that is not JSON", ["submit", "a", "{item: 1}"], "INPUT_NOT_JSON"],
  ["a file that is not JSON", ["submit", "a", "@bad.json"], "INPUT_NOT_JSON"],
  ["an empty file", ["submit", "a", "@empty.json"], "INPUT_NOT_JSON"],
  ["a file that is not there", ["submit", "a", "@no.json"], "FILE_NOT_READABLE"],
  ["credentials that are not there", ["show", "a:b", "--creds", "no.creds"], "FILE_NOT_READABLE"],
  ["a certificate that is not there", ["show", "a:b", "--tls-ca", "no.pem"], "FILE_NOT_READABLE"],
  ["a namespace with a dot", ["show", "a:b", "-n", "a.b"], "INVALID_NAME"],
  ["a flow file that is not there", ["serve", "no.ts"], "FILE_NOT_READABLE"],
  ["a flow file with a syntax error", ["serve", "broken.ts"], "FILE_NOT_LOADED"],
  ["a flow file that throws", ["serve", "throws.ts"], "FILE_NOT_LOADED"],
  ["a flow file without flows", ["serve", "empty.ts"], "NO_DEFINITIONS"],
])("%s is wrong use: exit code 2", async (_, args, code) => {
  expect(await failure(args)).toMatchObject({ code, exitCode: 2 });
});

test("standard input that is not UTF-8 is wrong use", async () => {
  const { code, stderr } = await run(["submit", "a", "-"], Uint8Array.of(0x22, 0xff, 0x22));
  expect(code).toBe(2);
  expect(stderr).toContain("Standard input is not JSON");
});

test("why a flow file could not be loaded is told with its cause", async () => {
  const { stderr } = await run(["serve", "throws.ts"]);
  expect(stderr).toContain("caused by: TypeError: no such table");
  expect(stderr).toContain("throws.ts:1");
  expect(stderr).toContain("caused by: Error: the disk");
});

test.each([
  ["submit", "shop", "1"],
  ["result", "shop:a"],
  ["show", "shop:a"],
  ["watch", "shop:a"],
  ["events", "shop:a", "--follow"],
  ["signal", "shop:a", "go"],
  ["cancel", "shop:a"],
  ["terminate", "shop:a"],
  ["resume", "shop:a"],
  ["dead"],
  ["doctor"],
])("%s without a broker: exit code 5, and the address that was tried", async (...args) => {
  const error = await failure([...args, ...NOWHERE]);
  expect(error).toMatchObject({ code: "BROKER_ERROR", exitCode: 5 });
  expect(error["message"]).toContain("nats://127.0.0.1:1");
});
