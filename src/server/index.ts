export type { Scope } from "../engine/access-token.ts";
export type { ServerLimits } from "./server-limits.ts";
export { ServerUnprotectedError } from "./server-unprotected-error.ts";
export {
  DEFAULT_PORT,
  type RunningServer,
  type ServerOptions,
  startServer,
} from "./start-server.ts";
