export { type JsonValue, jsonOfValue, valueOfJson } from "../wire/json-value.ts";
export {
  type ApiClient,
  type ApiClientOptions,
  type ApiRun,
  createApiClient,
  type Problem,
} from "./create-api-client.ts";
export type { components, operations, paths } from "./schema.ts";
