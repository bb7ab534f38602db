import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Where this system gets Debian's archive from, most likely first: `MILLRACE_DEBIAN_MIRROR`, else
 * the URIs in apt's own sources whose path ends in `/debian`. Whoever set the system up chose
 * these; Millrace has no mirror of its own.
 */
export async function debianMirrors(
  env: NodeJS.ProcessEnv,
  aptDirectory = "/etc/apt",
): Promise<readonly string[]> {
  const chosen = env["MILLRACE_DEBIAN_MIRROR"];
  if (chosen !== undefined && chosen !== "") return [chosen];
  const sources = await readSources(aptDirectory);
  const archives = sources.filter((source) => source.components.includes("main"));
  const uris = [
    ...archives.filter((source) => source.signedBy.includes("debian-archive")),
    ...archives,
  ].flatMap((source) => source.uris);
  return [...new Set(uris.filter(isDebianArchive))];
}

interface AptSource {
  readonly uris: readonly string[];
  readonly components: readonly string[];
  readonly signedBy: string;
}

function isDebianArchive(uri: string): boolean {
  // Debian's cloud images name a file that lists the mirrors: mirror+file:/etc/apt/mirrors/debian.list
  return /^(https?|file|mirror\+\w+):.*\/debian(\.list)?\/?$/.test(uri);
}

async function readSources(aptDirectory: string): Promise<readonly AptSource[]> {
  const parts = join(aptDirectory, "sources.list.d");
  const names = await readdir(parts).catch(() => []);
  const files = [
    ...names.toSorted((a, b) => (a < b ? -1 : 1)).map((name) => join(parts, name)),
    join(aptDirectory, "sources.list"),
  ];
  const sources: AptSource[] = [];
  for (const file of files) {
    const text = await readFile(file, "utf8").catch(() => "");
    if (file.endsWith(".sources")) sources.push(...parseStanzas(text));
    else if (file.endsWith(".list")) sources.push(...parseLines(text));
  }
  return sources;
}

/** One stanza: `Types: deb`, `URIs: …`, `Suites: …`, `Components: …`, blank line. */
function parseStanzas(text: string): readonly AptSource[] {
  const lines = text.split("\n").filter((line) => !line.startsWith("#"));
  return lines
    .join("\n")
    .split(/\n\s*\n/)
    .flatMap((stanza) => {
      const field = (name: string): string =>
        new RegExp(`^${name}:((?:.*)(?:\n[ \t].*)*)`, "im").exec(stanza)?.[1]?.trim() ?? "";
      if (!words(field("Types")).includes("deb") || /^no$/i.test(field("Enabled"))) return [];
      return [
        {
          uris: words(field("URIs")),
          components: words(field("Components")),
          signedBy: field("Signed-By"),
        },
      ];
    });
}

/** One line: `deb [signed-by=… arch=…] <uri> <suite> <components…>`. */
function parseLines(text: string): readonly AptSource[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+\S+\s+([^#]*)/.exec(line);
    if (match?.[2] === undefined) return [];
    return [{ uris: [match[2]], components: words(match[3] ?? ""), signedBy: match[1] ?? "" }];
  });
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
