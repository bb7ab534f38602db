import type { HTTPMethods } from "fastify";
import type { Api } from "./api-host.ts";
import { ApiError } from "./problem.ts";

/** Addresses that take some methods refuse the others with 405 and say which they take, rather than be not found. */
export class OtherMethods {
  readonly #taken = new Map<string, Set<string>>();

  /** To be called before the first route is added. */
  observe(api: Api): void {
    api.addHook("onRoute", ({ url, method, config }) => {
      if (config?.refuses === true) return;
      const taken = this.#taken.get(url) ?? new Set();
      for (const one of [method].flat()) taken.add(one);
      this.#taken.set(url, taken);
    });
  }

  /** To be called when all routes are added. */
  refuse(api: Api): void {
    for (const [url, taken] of this.#taken) {
      const allow = [...taken].toSorted().join(", ");
      api.route({
        url,
        method: METHODS.filter((method) => !taken.has(method)),
        config: { scope: "public", refuses: true },
        schema: { hide: true },
        handler: (request, reply) => {
          void reply.header("allow", allow);
          throw new ApiError("METHOD_NOT_ALLOWED", `${request.method} is none of ${allow}.`);
        },
      });
    }
  }
}

const METHODS: HTTPMethods[] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
