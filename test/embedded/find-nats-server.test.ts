import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findNatsServer } from "../../src/embedded/find-nats-server.ts";
import { packFiles, serveRelease } from "./support/fake-release.ts";
import { tempDir } from "./support/temp-dir.ts";
import { writeFakeServer, writeProgram } from "./support/write-program.ts";

const PLATFORM = `${process.platform}-${process.arch}`;
/** Nothing listens there, and connecting fails at once. */
const NOWHERE = "http://127.0.0.1:9";

interface Place {
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
  /** The one folder on the PATH. */
  readonly bin: string;
  readonly cached: (version: string) => string;
}

async function place(): Promise<Place> {
  const dir = await tempDir();
  const bin = join(dir, "bin");
  await mkdir(bin);
  return {
    dir,
    bin,
    env: {
      PATH: bin,
      MILLRACE_CACHE_DIR: join(dir, "cache"),
      MILLRACE_NATS_RELEASES: NOWHERE,
    },
    cached: (version) =>
      join(dir, "cache", "nats-server", `v${version}-${PLATFORM}`, "nats-server"),
  };
}

test("the server that MILLRACE_NATS_SERVER names wins over the PATH and the cache", async () => {
  const { dir, env, bin, cached } = await place();
  const chosen = await writeFakeServer(join(dir, "chosen"), "2.12.1");
  await writeFakeServer(join(bin, "nats-server"), "2.13.0");
  await writeFakeServer(cached("2.14.0"), "2.14.0");
  expect(await findNatsServer({ env: { ...env, MILLRACE_NATS_SERVER: chosen } })).toEqual({
    path: chosen,
    version: "2.12.1",
    origin: "environment",
  });
});

test("a MILLRACE_NATS_SERVER that does not run is an error, even with another one on the PATH", async () => {
  const { dir, env, bin } = await place();
  await writeFakeServer(join(bin, "nats-server"), "2.15.1");
  const missing = join(dir, "missing");
  await expect(
    findNatsServer({ env: { ...env, MILLRACE_NATS_SERVER: missing } }),
  ).rejects.toMatchObject({
    code: "NATS_SERVER_UNUSABLE",
    message: expect.stringMatching(
      new RegExp(`MILLRACE_NATS_SERVER is ${missing}, but it does not run .*ENOENT.*unset it`),
    ),
  });
});

test("a MILLRACE_NATS_SERVER that is too old is an error that tells both versions", async () => {
  const { dir, env } = await place();
  const old = await writeFakeServer(join(dir, "old"), "2.11.9");
  await expect(
    findNatsServer({ env: { ...env, MILLRACE_NATS_SERVER: old } }),
  ).rejects.toMatchObject({
    code: "NATS_SERVER_UNUSABLE",
    message: expect.stringContaining("it is 2.11.9; 2.12.0 or newer is needed"),
  });
});

test("the PATH wins over the cache", async () => {
  const { env, bin, cached } = await place();
  await writeFakeServer(join(bin, "nats-server"), "2.12.0");
  await writeFakeServer(cached("2.15.1"), "2.15.1");
  expect(await findNatsServer({ env })).toEqual({
    path: join(bin, "nats-server"),
    version: "2.12.0",
    origin: "path",
  });
});

test("an old one and one that does not run are passed over on the PATH", async () => {
  const { dir, env, bin } = await place();
  await writeFakeServer(join(bin, "nats-server"), "2.9.25");
  await writeProgram(join(dir, "broken", "nats-server"), "exit 3");
  const good = await writeFakeServer(join(dir, "good", "nats-server"), "2.12.3");
  const PATH = [bin, join(dir, "broken"), join(dir, "good")].join(":");
  expect((await findNatsServer({ env: { ...env, PATH } })).path).toBe(good);
});

test("the newest one in the cache is taken, and nothing is fetched", async () => {
  const { env, cached } = await place();
  const release = await serveRelease({ archive: packFiles({}) });
  await writeFakeServer(cached("2.9.0"), "2.9.0");
  await writeFakeServer(cached("2.14.0"), "2.14.0");
  await writeFakeServer(cached("2.12.10"), "2.12.10");
  const messages: string[] = [];
  const found = await findNatsServer({
    env: { ...env, MILLRACE_NATS_RELEASES: release.url },
    onProgress: (message) => messages.push(message),
  });
  expect(found).toEqual({ path: cached("2.14.0"), version: "2.14.0", origin: "cache" });
  expect(release.requests).toEqual([]);
  expect(messages).toEqual([]);
});

test("the official release is fetched, checked, and kept for the next time", async () => {
  const { env, cached } = await place();
  const script = '#!/bin/sh\necho "nats-server: v2.15.1"\n';
  const archive = packFiles({
    "nats-server-v2.15.1/README.md": "#",
    "nats-server-v2.15.1/nats-server": script,
  });
  const release = await serveRelease({ archive });
  const options = { env: { ...env, MILLRACE_NATS_RELEASES: release.url } };
  const messages: string[] = [];
  const first = await findNatsServer({
    ...options,
    onProgress: (message) => messages.push(message),
  });
  expect(first).toEqual({
    path: cached("2.15.1"),
    version: "2.15.1",
    origin: "official release",
  });
  expect(messages[0]).toContain(`Fetching ${release.asset} from ${release.url}`);
  const asked = release.requests.length;
  expect((await findNatsServer(options)).origin).toBe("cache");
  expect(release.requests.length).toBe(asked);
});

test("two that fetch at once leave one complete server and no rest", async () => {
  const { dir, env, cached } = await place();
  const archive = packFiles({ "n/nats-server": '#!/bin/sh\necho "nats-server: v2.15.1"\n' });
  const release = await serveRelease({ archive });
  const options = { env: { ...env, MILLRACE_NATS_RELEASES: release.url } };
  const found = await Promise.all([1, 2, 3, 4].map(async () => findNatsServer(options)));
  expect(new Set(found.map(({ path }) => path))).toEqual(new Set([cached("2.15.1")]));
  expect(await readdir(join(dir, "cache", "nats-server"))).toEqual([`v2.15.1-${PLATFORM}`]);
});

test("a release that does not match its checksum is refused and not kept", async () => {
  const { env } = await place();
  const archive = packFiles({ "n/nats-server": '#!/bin/sh\necho "nats-server: v2.15.1"\n' });
  const release = await serveRelease({ archive, checksum: "ab".repeat(32) });
  const options = { env: { ...env, MILLRACE_NATS_RELEASES: release.url } };
  await expect(findNatsServer(options)).rejects.toMatchObject({
    code: "NATS_SERVER_NOT_FOUND",
    message: expect.stringMatching(/official release: .* is refused: its checksum is [0-9a-f]{64}/),
  });
  await expect(findNatsServer(options)).rejects.toThrow("has no nats-server that runs here");
});

test("a broken copy in the cache is replaced", async () => {
  const { env, cached } = await place();
  await writeProgram(cached("2.15.1"), "exit 1");
  const archive = packFiles({ "n/nats-server": '#!/bin/sh\necho "nats-server: v2.15.1"\n' });
  const release = await serveRelease({ archive });
  const options = { env: { ...env, MILLRACE_NATS_RELEASES: release.url } };
  expect((await findNatsServer(options)).path).toBe(cached("2.15.1"));
  expect((await findNatsServer(options)).origin).toBe("cache");
});

test("when every way fails, one error tells each way's reason and what to do", async () => {
  const { env, bin } = await place();
  await writeFakeServer(join(bin, "nats-server"), "2.10.0");
  const failure = await findNatsServer({ env }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "NATS_SERVER_NOT_FOUND" });
  const message = String(failure);
  expect(message).toContain(`${join(bin, "nats-server")}: it is 2.10.0; 2.12.0 or newer is needed`);
  expect(message).toMatch(/- cache .*: has no nats-server that runs here/);
  expect(message).toMatch(/- official release: .+/);
  expect(message).toContain("- Debian package: apt-get is not on the PATH");
  expect(message).toContain("Install nats-server 2.12.0 or newer");
  expect(message).toContain("MILLRACE_NATS_SERVER");
});

test("an aborted search fails with the reason of the abort", async () => {
  const { env, bin } = await place();
  await writeFakeServer(join(bin, "nats-server"), "2.15.1");
  const reason = new Error("the user went away");
  await expect(findNatsServer({ env, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test("the cache follows XDG_CACHE_HOME, then HOME", async () => {
  const { dir } = await place();
  const inXdg = join(dir, "xdg", "millrace", "nats-server", `v2.13.0-${PLATFORM}`, "nats-server");
  await writeFakeServer(inXdg, "2.13.0");
  const xdg = { PATH: "", XDG_CACHE_HOME: join(dir, "xdg"), HOME: join(dir, "home") };
  expect((await findNatsServer({ env: xdg })).path).toBe(inXdg);

  const caches = process.platform === "darwin" ? "Library/Caches" : ".cache";
  const inHome = join(
    dir,
    "home",
    caches,
    "millrace/nats-server",
    `v2.14.0-${PLATFORM}/nats-server`,
  );
  await writeFakeServer(inHome, "2.14.0");
  const home = { PATH: "", HOME: join(dir, "home") };
  expect((await findNatsServer({ env: home })).path).toBe(inHome);
});

test("the Debian package is fetched by apt with sources of its own, without touching the system", async () => {
  const { dir, env, bin, cached } = await place();
  const aptDirectory = join(dir, "etc-apt");
  await mkdir(aptDirectory);
  await writeFile(
    join(aptDirectory, "sources.list"),
    "deb http://mirror.invalid/debian stable main\n",
  );
  // These stand for apt-get and dpkg-deb: they keep what they were asked, and unpack a server.
  await writeProgram(
    join(bin, "apt-get"),
    `echo "$@" >> ${dir}/asked; [ "$2" = -c ] || exit 9`,
    `PATH=/usr/bin:/bin; cat "$3" > ${dir}/apt.conf; cat "\${3%apt.conf}sources.list" > ${dir}/sources.list`,
    '[ "$4" != download ] || echo > nats-server_2.15.1-1_amd64.deb',
  );
  await writeProgram(
    join(bin, "dpkg-deb"),
    'PATH=/usr/bin:/bin; [ "$1" = -x ] && [ -f "$2" ] || exit 9',
    'mkdir -p "$3/usr/sbin"; f="$3/usr/sbin/nats-server"',
    'printf \'#!/bin/sh\\necho nats-server: v2.15.1\\n\' > "$f"; chmod +x "$f"',
  );
  expect(await findNatsServer({ env, aptDirectory })).toEqual({
    path: cached("2.15.1"),
    version: "2.15.1",
    origin: "Debian package",
  });
  const asked = (await readFile(join(dir, "asked"), "utf8")).trim().split("\n");
  expect(asked.map((line) => line.split(" ").slice(3).join(" "))).toEqual([
    "update",
    "download nats-server",
  ]);
  expect(await readFile(join(dir, "sources.list"), "utf8")).toMatch(
    /^deb \[target=Packages .*\] http:\/\/mirror\.invalid\/debian forky main\n$/,
  );
  const config = await readFile(join(dir, "apt.conf"), "utf8");
  for (const setting of ["Etc::sourcelist", "State::lists", "State::status", "Cache::archives"]) {
    expect(config).toMatch(new RegExp(`Dir::${setting} ".*millrace-apt-.*";`));
  }
  expect(config).not.toMatch(/insecure|unauthenticated/i);
});

test("a mirror that fails is named with what apt said", async () => {
  const { env, bin } = await place();
  await writeProgram(join(bin, "apt-get"), 'echo "E: no such suite" >&2; exit 100');
  await writeProgram(join(bin, "dpkg-deb"), "exit 0");
  await expect(
    findNatsServer({ env: { ...env, MILLRACE_DEBIAN_MIRROR: "http://mirror.invalid/debian" } }),
  ).rejects.toThrow(/Debian package: http:\/\/mirror\.invalid\/debian: .*E: no such suite/);
});
