// Writes openapi.json as the server serves it, and the typed client's types as they follow from it. Run by `npm run api`
// after `npm run build`, whenever a route changes.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { openApiDocument } from "../dist/server/http/openapi-document.js";
import { typesOf } from "./openapi-types.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const document = await openApiDocument();
writeFileSync(join(root, "openapi.json"), `${JSON.stringify(document, undefined, 2)}\n`);
writeFileSync(join(root, "src/api-client/schema.ts"), await typesOf(document));
