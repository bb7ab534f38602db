/**
 * An HTTP backend that keeps nothing in memory: a job is a run, and its id is all that anybody needs. Kill this process at any
 * moment and start it again; jobs go on meanwhile, since they are with the worker.
 *
 * - `POST /jobs` `{ "title": …, "parts": … }` → 202 with the job's id. With the header `Idempotency-Key` the same request
 *   again is the same job.
 * - `GET /jobs/<id>` → state and progress, and the result when there is one; with `?wait=10s` it answers as soon as the job has
 *   ended, or then.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type Duration, MillraceError, ResultTimeoutError } from "millrace";
import type { Report, ReportOrder } from "./flows.ts";

const millrace = await connect();
const server = createServer((request, response) => {
  answer(request).then(
    ([status, body]) => reply(response, status, body),
    (error: unknown) => reply(response, ...refusalOf(error)),
  );
});
server.listen(Number(process.env["PORT"] ?? 0), "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  console.log(`Backend on http://127.0.0.1:${port}`);
});
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
    void millrace.close();
  });
}

async function answer(request: IncomingMessage): Promise<readonly [number, object]> {
  const url = new URL(request.url ?? "/", "http://localhost");
  if (request.method === "POST" && url.pathname === "/jobs") return submit(request);
  const [, id] = /^\/jobs\/(.+)$/.exec(url.pathname) ?? [];
  if (request.method === "GET" && id !== undefined) {
    return look(decodeURIComponent(id), url.searchParams.get("wait") ?? "0ms");
  }
  return [404, { error: "Use POST /jobs and GET /jobs/<id>." }];
}

async function submit(request: IncomingMessage): Promise<readonly [number, object]> {
  const order = await read(request);
  const key = request.headers["idempotency-key"];
  // By name: this process has no need of the flow's code. It is accepted when this comes back, whoever dies next.
  const run = await millrace.submit("report", order, typeof key === "string" ? { key } : {});
  return [202, { id: run.id, href: `/jobs/${encodeURIComponent(run.id)}` }];
}

async function look(id: string, wait: string): Promise<readonly [number, object]> {
  const run = millrace.attach<Report>(id);
  try {
    const result = await run.result({ timeout: wait as Duration });
    return [200, { id, status: "completed", result }];
  } catch (error) {
    if (!(error instanceof ResultTimeoutError)) throw error;
    const { status, progress } = await run.state();
    return [200, { id, status, progress }];
  }
}

async function read(request: IncomingMessage): Promise<ReportOrder> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
  const body: Partial<ReportOrder> = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  const { title, parts } = body;
  if (typeof title === "string" && Number.isSafeInteger(parts)) return { title, parts: parts ?? 0 };
  throw new SyntaxError("Give a title and a whole number of parts.");
}

/** Errors of Millrace have a stable code. */
function refusalOf(error: unknown): readonly [number, object] {
  if (error instanceof SyntaxError) return [400, { error: error.message }];
  if (!(error instanceof MillraceError)) return [500, { error: "The backend has a defect." }];
  const { code, message } = error;
  return [STATUS_OF[code] ?? 500, { error: message, code }];
}

const STATUS_OF: Readonly<Record<string, number>> = {
  INVALID_NAME: 400,
  INVALID_DURATION: 400,
  RUN_NOT_FOUND: 404,
  BROKER_ERROR: 503,
};

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
