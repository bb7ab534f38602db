import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const docs = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
const pages = ["README.md", ...docs.map((name) => join("docs", name))];

test("every link of README and docs leads to a file that is there, and to a heading of it", () => {
  expect(pages.flatMap(brokenLinks)).toEqual([]);
});

test("every page is reached from README, and from where one starts", () => {
  for (const start of ["README.md", join("docs", "getting-started.md")]) {
    const found = reached(start);
    expect(pages.filter((page) => page !== "README.md" && !found.has(page))).toEqual([]);
  }
});

test("no page has two headings that are told apart by nothing", () => {
  const repeated = pages.flatMap((page) => {
    const headings = headingsOf(page);
    const again = headings.filter((heading, at) => headings.indexOf(heading) !== at);
    return again.map((heading) => `${page}: ${heading}`);
  });
  expect(repeated).toEqual([]);
});

function brokenLinks(page: string): readonly string[] {
  return linksOf(page).flatMap((link) => {
    const { file, anchor } = targetOf(page, link);
    if (!existsSync(join(root, file))) return [`${page}: ${link}`];
    const isPage = file.endsWith(".md") && statSync(join(root, file)).isFile();
    if (anchor === "" || !isPage) return [];
    return headingsOf(file).includes(anchor) ? [] : [`${page}: ${link}`];
  });
}

function reached(start: string): ReadonlySet<string> {
  const found = new Set([start]);
  for (const page of found) {
    for (const link of linksOf(page)) {
      const { file } = targetOf(page, link);
      if (pages.includes(file)) found.add(file);
    }
  }
  return found;
}

function targetOf(page: string, link: string): { readonly file: string; readonly anchor: string } {
  const [path = "", anchor = ""] = link.split("#");
  const file = path === "" ? page : relative(root, join(root, dirname(page), path));
  return { file, anchor };
}

/** Those within the repository. */
function linksOf(page: string): readonly string[] {
  const links = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  return links.filter((link) => !/^[a-z]+:/.test(link));
}

/** As they stand in links: lower case, without punctuation. */
function headingsOf(page: string): readonly string[] {
  return [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** What is code is no link and no heading. */
function textOf(page: string): string {
  return readFileSync(join(root, page), "utf8").replaceAll(/```.*?```/gs, "");
}
