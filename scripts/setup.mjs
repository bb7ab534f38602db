import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { withLock } from "./lock.mjs";

/** The repository's folder. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Makes a fresh checkout ready to run: dependencies, the build in dist/, a nats-server. Does only
 * what is missing or stale, so it may run each time; imports no package, so it can run first.
 */
export async function setUp({ log = () => {} } = {}) {
  checkNode();
  if (!isInstalled() || !isBuilt()) await repair(log);
  const entry = pathToFileURL(join(ROOT, "dist", "embedded", "find-nats-server.js"));
  const { findNatsServer } = await import(entry.href);
  return { natsServer: await findNatsServer({ onProgress: log }) };
}

const MINIMUM_NODE = [20, 19];
const INSTALL_STAMP = join(ROOT, "node_modules", ".millrace-installed");
const BUILD_STAMP = join(ROOT, "dist", ".millrace-built");

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [wantedMajor, wantedMinor] = MINIMUM_NODE;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new Error(
    `Millrace needs Node.js ${MINIMUM_NODE.join(".")} or newer; this is ${process.versions.node}. Install a newer one and try again.`,
  );
}

async function repair(log) {
  const onWait = (pid) => log(`Waiting for process ${pid}, which is setting this folder up`);
  await withLock(join(ROOT, ".tmp", "setup.lock"), onWait, async () => {
    // Whoever held the lock before may have done it.
    if (!isInstalled()) {
      log("Installing dependencies");
      install();
      writeInstallStamp();
    }
    const sources = sourceHash();
    if (readStamp(BUILD_STAMP) !== sources) {
      log("Building (npm run build)");
      const build = runNpm(["run", "build"]);
      if (!build.ok) build.fail("The build failed");
      // The hash from before the build: what was edited meanwhile is built the next time.
      writeFileSync(BUILD_STAMP, sources);
    }
  });
}

/**
 * `npm ci` refuses a lock file that was made where the registry lacks packages for other platforms
 * (all of them optional). `npm install --no-save` takes the versions of the lock file all the same
 * and writes nothing, so it steps in as long as the two files name the same dependencies.
 */
function install() {
  const ci = runNpm(["ci", "--no-audit", "--no-fund"]);
  if (ci.ok) return;
  const failure = "Dependencies could not be installed";
  if (!/can only install packages when/.test(ci.output) || !lockFitsPackage()) ci.fail(failure);
  const second = runNpm(["install", "--no-save", "--no-audit", "--no-fund"]);
  if (!second.ok) second.fail(failure);
}

function lockFitsPackage() {
  const manifest = readJson(join(ROOT, "package.json"));
  const root = readJson(join(ROOT, "package-lock.json")).packages[""];
  return ["dependencies", "devDependencies", "optionalDependencies"].every(
    (kind) => sorted(manifest[kind]) === sorted(root[kind]),
  );
}

function sorted(record = {}) {
  return JSON.stringify(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function isInstalled() {
  if (readStamp(INSTALL_STAMP) === lockHash()) return true;
  if (!matchesLockFile()) return false;
  // The user has run npm ci: what npm says it installed is what the lock file wants.
  writeInstallStamp();
  return true;
}

function writeInstallStamp() {
  mkdirSync(dirname(INSTALL_STAMP), { recursive: true });
  writeFileSync(INSTALL_STAMP, lockHash());
}

function matchesLockFile() {
  const installed = readJson(join(ROOT, "node_modules", ".package-lock.json"))?.packages;
  const wanted = readJson(join(ROOT, "package-lock.json"))?.packages;
  if (installed === undefined || wanted === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "") return true;
    const found = installed[path];
    // Packages for other platforms are not installed.
    if (found === undefined) return entry.optional === true || entry.devOptional === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

function readJson(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}

function isBuilt() {
  return readStamp(BUILD_STAMP) === sourceHash();
}

function readStamp(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function lockHash() {
  return createHash("sha256")
    .update(readFileSync(join(ROOT, "package-lock.json")))
    .digest("hex");
}

/** Over all that the build reads. Content, not times: git sets times anew with each checkout. */
function sourceHash() {
  const hash = createHash("sha256");
  const configs = readdirSync(ROOT).filter((name) => /^tsconfig.*\.json$/.test(name));
  const files = [
    ...["package.json", "package-lock.json", ...configs].map((name) => join(ROOT, name)),
    // What the build generates into src/ says nothing that proto/ and scripts/ do not.
    ...filesUnder(join(ROOT, "src")).filter((file) => !file.split(sep).includes("generated")),
    ...filesUnder(join(ROOT, "proto")),
    ...filesUnder(join(ROOT, "scripts")),
  ];
  for (const file of files.toSorted((a, b) => (a < b ? -1 : 1))) {
    const content = readFileSync(file);
    hash.update(`${relative(ROOT, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

function filesUnder(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Its output is shown only when it fails; a set-up that works is quiet. */
function runNpm(args) {
  const result = spawnSync("npm", args, {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    // npm is a .cmd file there, which only a shell starts.
    shell: process.platform === "win32",
  });
  const output = `${result.stdout ?? ""}${result.stderr ?? ""}${result.error?.message ?? ""}`;
  return {
    ok: result.status === 0,
    output,
    fail: (what) => {
      throw new Error(`${what}; 'npm ${args.join(" ")}' in ${ROOT} said:\n${shorten(output)}`);
    },
  };
}

/** npm says what is wrong at the beginning, a compiler's count of errors is at the end. */
function shorten(output) {
  const lines = output.trimEnd().split("\n");
  if (lines.length <= 80) return lines.join("\n");
  return [...lines.slice(0, 40), `(${lines.length - 80} lines left out)`, ...lines.slice(-40)].join(
    "\n",
  );
}
