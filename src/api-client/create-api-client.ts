import createClient, { type Client, type ClientOptions } from "openapi-fetch";
import type { components, paths } from "./schema.ts";

/** The HTTP API of a Millrace server, typed by its OpenAPI document: `GET`, `POST`, … with a path. */
export type ApiClient = Client<paths, "application/json">;

/** A problem (RFC 9457), as the API answers with when something is wrong. */
export type Problem = components["schemas"]["Problem"];

/** A run, as lists of the API show it. */
export type ApiRun = components["schemas"]["Run"];

export interface ApiClientOptions extends Omit<ClientOptions, "baseUrl"> {
  /** Where the server is, such as `http://127.0.0.1:4280`. */
  readonly baseUrl: string;
  /** What `millrace token create` gave. A server on a loopback address may need none. */
  readonly token?: string;
}

/**
 * A client of the HTTP API. What is wrong is in `error`, and not thrown; what is thrown is that no server answers.
 *
 * ```ts
 * const api = createApiClient({ baseUrl: "http://127.0.0.1:4280" });
 * const { data, error } = await api.GET("/api/v1/runs/{id}", { params: { path: { id: "checkout:order-42" } } });
 * ```
 */
export function createApiClient({ token, headers, ...options }: ApiClientOptions): ApiClient {
  const client = createClient<paths, "application/json">({
    ...options,
    ...(headers === undefined ? {} : { headers }),
  });
  client.use({
    onRequest: ({ request }) => {
      if (token !== undefined) request.headers.set("authorization", `Bearer ${token}`);
      // Whatever is posted has to be JSON, also when there is nothing to say.
      if (request.method === "POST") request.headers.set("content-type", "application/json");
      return request;
    },
  });
  return client;
}
