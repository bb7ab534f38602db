import { join } from "node:path";

/** Where a namespace's view is if nobody says otherwise: a file below the current folder. */
export function defaultDatabase(namespace: string): string {
  return join(".millrace", `${namespace}.db`);
}
