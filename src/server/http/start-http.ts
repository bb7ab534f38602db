import type { AddressInfo } from "node:net";
import type { ServerPart } from "../server-host.ts";
import type { ApiHost } from "./api-host.ts";
import { createApi } from "./create-api.ts";
import { TOPICS } from "./topics.ts";

/** The HTTP side of a server. */
export interface HttpPart extends ServerPart {
  /** Where it listens, such as `http://127.0.0.1:4280`. */
  readonly url: string;
  readonly port: number;
}

/** Listens. To stop, abort `host.stopping` first: what waits is answered then; what does not end in time is cut off. */
export async function startHttp(
  host: ApiHost,
  { address, port, graceMs }: HttpOptions,
): Promise<HttpPart> {
  const api = await createApi(host, TOPICS);
  try {
    await api.listen({ host: address, port });
  } catch (error) {
    await api.close();
    throw error;
  }
  const bound = api.server.address() as AddressInfo;
  return {
    url: `http://${bound.family === "IPv6" ? `[${bound.address}]` : bound.address}:${bound.port}`,
    port: bound.port,
    stop: async () => {
      const cancel = host.clock.after(graceMs, () => api.server.closeAllConnections());
      await api.close();
      cancel();
    },
  };
}

export interface HttpOptions {
  readonly address: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** How long requests may take to end when the server stops. */
  readonly graceMs: number;
}
