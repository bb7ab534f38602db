// Generates the protobuf modules, then compiles src to dist. Run by `npm run build`.
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const generated = join(root, "src/wire/generated");
const run = (tool, ...args) =>
  execFileSync(process.execPath, [join(root, "node_modules", tool), ...args], {
    cwd: root,
    stdio: "inherit",
  });

mkdirSync(generated, { recursive: true });
run(
  "protobufjs-cli/bin/pbjs",
  ..."-t static-module -w es6 --force-number --no-create --no-verify --no-convert --no-delimited --no-typeurl --no-service".split(
    " ",
  ),
  "--dependency",
  "protobufjs/minimal.js",
  "-o",
  join(generated, "millrace.js"),
  "proto/millrace/v1/millrace.proto",
);
run(
  "protobufjs-cli/bin/pbts",
  "-o",
  join(generated, "millrace.d.ts"),
  join(generated, "millrace.js"),
);
rmSync(join(root, "dist"), { recursive: true, force: true });
run("typescript/bin/tsc", "-p", "tsconfig.build.json");
cpSync(generated, join(root, "dist/wire/generated"), { recursive: true });
// npm does this once, when it links the command; a later build would take it away again.
chmodSync(join(root, "dist/cli/main.js"), 0o755);
