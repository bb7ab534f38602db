import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";

/**
 * A file and the local files that it imports, and they in turn. Read from the text, so it also works for a file that
 * cannot be loaded; packages are left out.
 */
export async function localImports(entry: string): Promise<ReadonlySet<string>> {
  const found = new Set([resolve(entry)]);
  for (const file of found) {
    if (found.size >= MAX_FILES) break;
    const text = await readFile(file, "utf8").catch(() => "");
    for (const [, , specifier = ""] of text.matchAll(SPECIFIER)) {
      const path = resolveLocal(dirname(file), specifier);
      if (path !== undefined) found.add(path);
    }
  }
  return found;
}

const MAX_FILES = 2_000;
/** What stands after `from`, `import`, `import(` or `require(` and begins with a dot. */
const SPECIFIER = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(["'])(\.{1,2}\/[^"'\n]+)\1/g;
const EXTENSIONS = [".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx", ".json"];

function resolveLocal(folder: string, specifier: string): string | undefined {
  const path = resolve(folder, specifier);
  const source = path.replace(/\.([mc]?)js(x?)$/, ".$1ts$2");
  const candidates = [
    ...(extname(path) === "" ? [] : [path, source]),
    ...EXTENSIONS.map((extension) => path + extension),
    ...EXTENSIONS.map((extension) => resolve(path, `index${extension}`)),
  ];
  const found = candidates.find((file) => existsSync(file) && statSync(file).isFile());
  // One that is missing may be about to be written.
  return (
    found ??
    (existsSync(dirname(path)) ? (extname(path) === "" ? `${path}.ts` : source) : undefined)
  );
}
