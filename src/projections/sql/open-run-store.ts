import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunStore } from "../run-store.ts";
import { SqlRunStore } from "./sql-run-store.ts";

/**
 * Opens the database where a projection keeps its views: `postgres://…[?schema=<name>]`, or a file, which is made when it is
 * missing. Its driver is loaded only now.
 *
 * @throws {@link DatabaseUnreachableError}
 * @throws {@link ForeignDatabaseError} when something else is in it
 * @throws {@link NewerSchemaError} when a later version of Millrace made it
 */
export async function openRunStore(urlOrFile: string): Promise<RunStore> {
  if (/^postgres(?:ql)?:\/\//.test(urlOrFile)) {
    const { openPostgres } = await import("./open-postgres.ts");
    return SqlRunStore.open(await openPostgres(urlOrFile));
  }
  const file = urlOrFile.startsWith("file:") ? fileURLToPath(urlOrFile) : resolve(urlOrFile);
  const { openLibsql } = await import("./open-libsql.ts");
  return SqlRunStore.open(await openLibsql(file));
}
