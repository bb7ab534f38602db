import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunStore } from "../run-store.ts";
import type { SqlDatabase } from "./sql-database.ts";
import { SqlRunStore } from "./sql-run-store.ts";

/**
 * Opens the database where a projection keeps its views: `postgres://…[?schema=<name>]`, or a file, which is made when it is
 * missing. Its driver is loaded only now.
 *
 * @throws DatabaseUnreachableError
 * @throws ForeignDatabaseError when something else is in it
 * @throws NewerSchemaError when a later version of Millrace made it
 */
export async function openRunStore(urlOrFile: string): Promise<RunStore> {
  return SqlRunStore.open(await openDatabase(urlOrFile));
}

/** The database itself, as it is. */
export async function openDatabase(urlOrFile: string): Promise<SqlDatabase> {
  if (/^postgres(?:ql)?:\/\//.test(urlOrFile)) {
    const { openPostgres } = await import("./open-postgres.ts");
    return openPostgres(urlOrFile);
  }
  const file = urlOrFile.startsWith("file:") ? fileURLToPath(urlOrFile) : resolve(urlOrFile);
  const { openLibsql } = await import("./open-libsql.ts");
  return openLibsql(file);
}
