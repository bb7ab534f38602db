import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { type PostgresServer, startPostgres } from "./start-postgres.ts";

/** Runs a suite on libsql and on PostgreSQL. `address` gives a test a database that nothing else is in. */
export function onEveryDatabase(
  what: string,
  suite: (address: () => Promise<string>) => void,
): void {
  describe(`${what}, libsql`, () => {
    const folders: string[] = [];
    afterAll(async () => {
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
    });
    suite(async () => {
      const folder = await mkdtemp(join(tmpdir(), "millrace-runs-"));
      folders.push(folder);
      return join(folder, "runs.db");
    });
  });
  describe(`${what}, PostgreSQL`, () => {
    let server: PostgresServer | undefined;
    beforeAll(async () => {
      server = await startPostgres();
    });
    afterAll(async () => server?.stop());
    suite(async () => {
      if (server === undefined) throw new Error("The server was not started");
      return server.newDatabase();
    });
  });
}
