import { Option } from "commander";

/** `--database`: where the view of all runs is. A server and whoever looks after it name the same. */
export function databaseOption(): Option {
  return new Option(
    "--database <url>",
    "postgres://…, or a file (default: .millrace/<namespace>.db)",
  ).env("MILLRACE_DATABASE");
}
