import { access, chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { debianMirrors } from "./debian-mirrors.ts";
import { findOnPath } from "./find-on-path.ts";
import { reasonOf } from "./reason-of.ts";
import { runCommand } from "./run-command.ts";

/**
 * Unpacks the `nats-server` of Debian's suite `forky` into `into` and gives the binary's path.
 *
 * apt does the work with sources, lists and caches of its own in a temporary folder: it needs no
 * root, changes nothing of the system, and checks signatures as always.
 */
export async function fetchDebianPackage(request: FetchDebianPackage): Promise<string> {
  const { env, into, signal, onProgress } = request;
  const aptGet = await requireProgram("apt-get", env);
  const dpkgDeb = await requireProgram("dpkg-deb", env);
  const mirrors = await debianMirrors(env, request.aptDirectory);
  if (mirrors.length === 0) {
    throw new Error("apt's sources name no Debian archive; set MILLRACE_DEBIAN_MIRROR to one");
  }
  const failures: string[] = [];
  for (const mirror of mirrors.slice(0, MIRRORS_TRIED)) {
    const work = await mkdtemp(join(tmpdir(), "millrace-apt-"));
    try {
      onProgress(`Fetching nats-server from Debian ${SUITE} (${mirror})`);
      const archive = await download({ aptGet, mirror, work, env, signal });
      await runCommand({
        file: dpkgDeb,
        args: ["-x", archive, into],
        timeoutMs: 60_000,
        env,
        signal,
      });
      return join(into, "usr", "sbin", "nats-server");
    } catch (error) {
      signal?.throwIfAborted();
      failures.push(`${mirror}: ${reasonOf(error)}`);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
  throw new Error(failures.join("; "));
}

export interface FetchDebianPackage {
  readonly env: NodeJS.ProcessEnv;
  /** An existing folder to unpack into. */
  readonly into: string;
  readonly onProgress: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** Where the system's apt sources are; `/etc/apt` unless under test. */
  readonly aptDirectory?: string | undefined;
}

const SUITE = "forky";
const MIRRORS_TRIED = 3;
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const UPDATE_TIMEOUT_MS = 180_000;
const DOWNLOAD_TIMEOUT_MS = 180_000;

interface Download {
  readonly aptGet: string;
  readonly mirror: string;
  readonly work: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal | undefined;
}

async function download({ aptGet, mirror, work, env, signal }: Download): Promise<string> {
  // apt drops root for `_apt` while it downloads, and that user must get in.
  await chmod(work, 0o755);
  const out = join(work, "out");
  for (const directory of ["lists/partial", "cache/archives/partial", "out"]) {
    await mkdir(join(work, directory), { recursive: true });
  }
  await writeFile(join(work, "status"), "");
  await writeFile(join(work, "sources.list"), await sourceLine(mirror));
  await writeFile(join(work, "apt.conf"), aptConfig(work));
  const apt = { file: aptGet, cwd: out, env, signal };
  const own = ["-q", "-c", join(work, "apt.conf")];
  await runCommand({ ...apt, args: [...own, "update"], timeoutMs: UPDATE_TIMEOUT_MS });
  await runCommand({
    ...apt,
    args: [...own, "download", "nats-server"],
    timeoutMs: DOWNLOAD_TIMEOUT_MS,
  });
  const archive = (await readdir(out)).find((name) => name.endsWith(".deb"));
  if (archive === undefined) throw new Error("apt-get download left no package");
  return join(out, archive);
}

async function sourceLine(mirror: string): Promise<string> {
  // Only the list of packages: a system may have asked apt for much more (file lists, icons).
  const options = ["target=Packages"];
  const architecture = DEBIAN_ARCHITECTURES[process.arch];
  if (architecture !== undefined) options.push(`arch=${architecture}`);
  // Without this file apt falls back on the keys that the system trusts; it never goes unchecked.
  if (await exists(KEYRING)) options.push(`signed-by=${KEYRING}`);
  return `deb [${options.join(" ")}] ${mirror} ${SUITE} main\n`;
}

const DEBIAN_ARCHITECTURES: Readonly<Partial<Record<string, string>>> = Object.freeze({
  x64: "amd64",
  arm64: "arm64",
  arm: "armhf",
  ia32: "i386",
  ppc64: "ppc64el",
  s390x: "s390x",
  riscv64: "riscv64",
  loong64: "loong64",
});

/**
 * Read after the system's own configuration, whose proxies and time-outs so stay in force, while
 * everything that would touch the system or pin another release is replaced.
 */
function aptConfig(work: string): string {
  return `
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear Acquire::Languages;
Dir::Etc::sourcelist "${join(work, "sources.list")}";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "${work}";
Dir::State::lists "${join(work, "lists")}";
Dir::State::status "${join(work, "status")}";
Dir::Cache "${join(work, "cache")}";
Dir::Cache::archives "${join(work, "cache", "archives")}";
Dir::Log "${work}";
Debug::NoLocking "true";
APT::Default-Release "";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "15";
Acquire::https::Timeout "15";
`;
}

async function requireProgram(name: string, env: NodeJS.ProcessEnv): Promise<string> {
  const [path] = await findOnPath(name, env);
  if (path === undefined) throw new Error(`${name} is not on the PATH (not a Debian or Ubuntu?)`);
  return path;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
