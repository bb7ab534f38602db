import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Api } from "./api-host.ts";
import { ApiError, problemOf } from "./problem.ts";

/** Whatever goes wrong is answered as a problem: here, and before fastify has read a request. */
export function addProblemReplies(api: Api): void {
  api.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  api.setNotFoundHandler((request, reply) =>
    sendProblem(
      new ApiError(
        "ROUTE_NOT_FOUND",
        `Nothing is at ${request.method} ${pathOf(request)}. What there is: /api/v1/openapi.json`,
      ),
      request,
      reply,
    ),
  );
}

/** Answers with what is wrong. Only what is unexpected is logged. */
export function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const { problem, retryAfterSeconds } = problemOf(error, request.id);
  if (problem.code === "INTERNAL") {
    request.log.error({ err: error, method: request.method, path: pathOf(request) }, "unexpected");
  }
  if (retryAfterSeconds !== undefined) void reply.header("retry-after", retryAfterSeconds);
  return reply
    .code(problem.status)
    .header("cache-control", "no-store")
    .type("application/problem+json")
    .serializer(JSON.stringify)
    .send(problem);
}

/** Answers to what is not HTTP, does not arrive, or has too large headers; the connection ends. */
export function refuseClient(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  const { problem } = problemOf(clientProblem(error.code), "");
  const body = JSON.stringify(problem);
  const status = `${problem.status} ${STATUS_CODES[problem.status] ?? ""}`;
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/problem+json\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }
  socket.destroySoon();
}

function clientProblem(code: string | undefined): ApiError {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return new ApiError("REQUEST_TIMEOUT", "Send the whole request within the server's time.");
  }
  if (code === "HPE_HEADER_OVERFLOW") {
    return new ApiError("HEADERS_TOO_LARGE", "All headers together may take 16 KiB.");
  }
  return new ApiError("BAD_REQUEST", "The connection carries something that is not HTTP/1.1.");
}

/** Without the query, which may hold what is nobody's business. */
function pathOf({ url }: FastifyRequest): string {
  const [path = ""] = url.split("?", 1);
  return path.length > MAX_PATH ? `${path.slice(0, MAX_PATH)}…` : path;
}

const MAX_PATH = 200;
