import { pino } from "pino";
import { DEFAULT_LIMITS } from "../server-limits.ts";
import type { ApiHost } from "./api-host.ts";
import { createApi } from "./create-api.ts";
import { TOPICS } from "./topics.ts";

/** The OpenAPI document of the API, as a server serves it: made of the routes alone, with no broker and no database. */
export async function openApiDocument(): Promise<object> {
  // Routes are declared on a host and use it when they are asked: here nobody asks.
  const host = { ...DECLARED_ON, log: pino({ level: "silent" }) } as unknown as ApiHost;
  const api = await createApi(host, TOPICS);
  try {
    return api.swagger();
  } finally {
    await api.close();
  }
}

const DECLARED_ON = Object.freeze({
  limits: DEFAULT_LIMITS,
  trustProxy: false,
  stopping: new AbortController().signal,
});
