import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { debianMirrors } from "../../src/embedded/debian-mirrors.ts";
import { tempDir } from "./support/temp-dir.ts";

async function aptDirectory(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await tempDir();
  await mkdir(join(directory, "sources.list.d"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  return directory;
}

test("the archive in a .sources file is found, security and other vendors are not", async () => {
  const directory = await aptDirectory({
    "sources.list.d/debian.sources": `Types: deb
# a comment
URIs: http://one.invalid/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://one.invalid/debian-security
Suites: bookworm-security
Components: main
`,
    "sources.list.d/vendor.list":
      "deb [arch=amd64 signed-by=/etc/apt/keyrings/v.gpg] https://vendor.invalid/linux/debian bookworm stable\n",
  });
  expect(await debianMirrors({}, directory)).toEqual(["http://one.invalid/debian"]);
});

test("an archive signed by Debian's keyring comes before one that only looks like it", async () => {
  const directory = await aptDirectory({
    "sources.list": `# deb http://commented.invalid/debian stable main
deb-src http://source.invalid/debian stable main
deb https://other.invalid/packages/debian any main
deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] https://real.invalid/debian/ trixie main contrib # here
`,
  });
  expect(await debianMirrors({}, directory)).toEqual([
    "https://real.invalid/debian/",
    "https://other.invalid/packages/debian",
  ]);
});

test("a disabled source is not used", async () => {
  const directory = await aptDirectory({
    "sources.list.d/debian.sources":
      "Enabled: no\nTypes: deb\nURIs: http://off.invalid/debian\nSuites: sid\nComponents: main\n",
  });
  expect(await debianMirrors({}, directory)).toEqual([]);
});

test("a mirror list of a cloud image and folded fields are understood", async () => {
  const directory = await aptDirectory({
    "sources.list.d/debian.sources":
      "Types: deb deb-src\nURIs: mirror+file:///etc/apt/mirrors/debian.list\n http://two.invalid/debian\nSuites: trixie\nComponents: main\n",
  });
  expect(await debianMirrors({}, directory)).toEqual([
    "mirror+file:///etc/apt/mirrors/debian.list",
    "http://two.invalid/debian",
  ]);
});

test("MILLRACE_DEBIAN_MIRROR replaces what the system has", async () => {
  const directory = await aptDirectory({
    "sources.list": "deb http://system.invalid/debian stable main\n",
  });
  const env = { MILLRACE_DEBIAN_MIRROR: "http://mine.invalid/mirror" };
  expect(await debianMirrors(env, directory)).toEqual(["http://mine.invalid/mirror"]);
});

test("a system without apt has no mirror", async () => {
  expect(await debianMirrors({}, join(await tempDir(), "missing"))).toEqual([]);
});
