import { Type } from "typebox";
import { MillraceError } from "../../engine/millrace-error.ts";
import { PROBLEM_KINDS } from "./problem-kinds.ts";

/** Something that the API itself refuses. What the parts below refuse is a {@link MillraceError}. */
export class ApiError extends Error {
  readonly code: string;
  readonly facts: ProblemFacts;

  constructor(code: string, detail: string, facts: ProblemFacts = {}) {
    super(detail);
    this.name = "ApiError";
    this.code = code;
    this.facts = facts;
  }
}

/** What a problem may say beside its text. */
export interface ProblemFacts {
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
  /** Where in what was given: `shape.by`. */
  readonly path?: string;
  /** Of the first character of a query or expression that is wrong, from 0; and how many are. */
  readonly position?: number;
  readonly length?: number;
  readonly suggestion?: string;
  readonly requestId?: string;
  readonly runId?: string;
}

/** RFC 9457. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: "`urn:millrace:problem:` and the code in small letters." }),
    title: Type.String({ description: "The same for every problem with this code." }),
    status: Type.Integer({ description: "The HTTP status." }),
    detail: Type.String({ description: "What is wrong here, and what to do next." }),
    code: Type.String({ description: "Stable across releases: compare codes, not texts." }),
    path: Type.Optional(Type.String({ description: "Where in a trigger, such as `shape.by`." })),
    position: Type.Optional(
      Type.Integer({
        description: "Of the query's or expression's first wrong character, from 0.",
      }),
    ),
    length: Type.Optional(Type.Integer({ description: "How many characters are wrong." })),
    suggestion: Type.Optional(Type.String({ description: "What was probably meant." })),
    errors: Type.Optional(
      Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() }), {
        description: "Each part of the request that does not match, by JSON pointer.",
      }),
    ),
    runId: Type.Optional(Type.String()),
    requestId: Type.Optional(Type.String({ description: "Stands in the server's log." })),
  },
  { $id: "Problem", description: "What went wrong (RFC 9457)." },
);

export type Problem = Type.Static<typeof ProblemSchema>;

export interface ProblemReply {
  readonly problem: Problem;
  readonly retryAfterSeconds: number | undefined;
}

/** What is answered to a request that ended with this error; nothing of an unexpected one is told but where to look. */
export function problemOf(thrown: unknown, requestId: string): ProblemReply {
  const error = fromFramework(thrown) ?? thrown;
  if (error instanceof ApiError) return reply(error.code, error.message, error.facts);
  if (error instanceof MillraceError && PROBLEM_KINDS[error.code] !== undefined) {
    return reply(error.code, error.message, factsOf(error));
  }
  const detail = `Unexpected. The server's log says more: look for request ${requestId}.`;
  return reply("INTERNAL", detail, { requestId });
}

function reply(code: string, detail: string, facts: ProblemFacts = {}): ProblemReply {
  const kind = PROBLEM_KINDS[code] ?? INTERNAL;
  const type = `urn:millrace:problem:${code.toLowerCase().replaceAll("_", "-")}`;
  const { errors, ...rest } = facts;
  return {
    problem: {
      type,
      title: kind.title,
      status: kind.status,
      detail,
      code,
      ...rest,
      ...(errors === undefined ? {} : { errors: [...errors] }),
    },
    retryAfterSeconds: kind.retryAfterSeconds,
  };
}

const INTERNAL = {
  status: 500,
  title: "An error in Millrace itself",
  retryAfterSeconds: undefined,
};

/** Of errors that carry them: the place in a query, trigger or expression; the run. */
function factsOf(error: MillraceError): ProblemFacts {
  const { path, position, length, suggestion, runId } = error as MillraceError &
    Partial<Record<keyof ProblemFacts, unknown>>;
  return {
    ...(typeof path === "string" ? { path } : {}),
    ...(typeof position === "number" ? { position } : {}),
    ...(typeof length === "number" ? { length } : {}),
    ...(typeof suggestion === "string" ? { suggestion } : {}),
    ...(typeof runId === "string" ? { runId } : {}),
  };
}

/** What fastify itself refuses, in the API's words. */
function fromFramework(thrown: unknown): ApiError | undefined {
  if (!(thrown instanceof Error) || !("code" in thrown)) return undefined;
  switch (thrown.code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return new ApiError("BODY_TOO_LARGE", "Send less at once, or raise the server's limit.");
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
    case "FST_ERR_CTP_INVALID_CONTENT_TYPE":
      return new ApiError("UNSUPPORTED_MEDIA_TYPE", "Send `content-type: application/json`.");
    case "FST_ERR_CTP_INVALID_JSON_BODY":
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
    // The client went away, or did not send all of it in time.
    case "ECONNRESET":
      return new ApiError("BODY_NOT_JSON", "The body is empty, cut off, or not JSON.");
    case "FST_ERR_BAD_URL":
      return new ApiError("BAD_REQUEST", "The address has an escape (%…) that is not UTF-8.");
    case "FST_ERR_MAX_PARAM_LENGTH":
      return new ApiError("URL_TOO_LONG", "A part of the address is too long for any id.");
    default:
      return undefined;
  }
}
