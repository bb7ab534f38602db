import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { DeliveryTarget } from "./delivery-target.ts";

/**
 * Posts a body to an address that was checked, over a connection of its own, and reads the beginning of the answer. Follows no
 * redirect. The status decides: what is wrong with the rest of an answer only ends it.
 * @throws what the socket or TLS throws; the signal's reason when it aborts before the answer began.
 */
export async function postOnce(post: Post): Promise<PostAnswer> {
  post.signal.throwIfAborted();
  const sent = open(post);
  try {
    sent.end(post.body);
    const response = await answerTo(sent);
    const { bytes, isCut } = await beginningOf(response, post.maxAnswerBytes);
    return { status: response.statusCode ?? 0, headers: headersOf(response), body: bytes, isCut };
  } catch (error) {
    throw post.signal.aborted ? post.signal.reason : error;
  } finally {
    sent.destroy();
  }
}

export interface Post {
  readonly target: DeliveryTarget;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** How much of the answer's body is read. */
  readonly maxAnswerBytes: number;
  /** Ends the attempt: the deadline, or the worker's stop. */
  readonly signal: AbortSignal;
}

export interface PostAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** There was more of it, or the connection ended before all of it came. */
  readonly isCut: boolean;
}

function open({ target, headers, body, signal }: Post): ClientRequest {
  const { url, address, family } = target;
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const options = {
    method: "POST",
    host: hostname,
    ...(url.port === "" ? {} : { port: url.port }),
    path: `${url.pathname}${url.search}`,
    headers: { ...headers, "content-length": body.length },
    // A connection of its own: none that was opened for another endpoint, or checked at another time.
    agent: false,
    lookup: pinned(address, family),
    // Of a name; an address has none.
    ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
    signal,
  } as const;
  const sent = url.protocol === "https:" ? httpsRequest(options) : httpRequest(options);
  sent.on("error", () => undefined); // Also of the end that we make ourselves.
  return sent;
}

/** Whoever asks for the name is given the address that was checked. */
function pinned(address: string, family: 4 | 6): LookupFunction {
  return (_, options, done) => {
    if (options.all === true) done(null, [{ address, family }]);
    else done(null, address, family);
  };
}

function answerTo(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once("response", resolve);
    sent.once("error", reject);
    sent.once("upgrade", (_, socket) => {
      socket.destroy();
      reject(new Error("It answered with another protocol"));
    });
    sent.once("close", () => reject(new Error("The connection was closed without an answer")));
  });
}

async function beginningOf(
  response: IncomingMessage,
  most: number,
): Promise<{ readonly bytes: Uint8Array; readonly isCut: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > most) break;
    }
  } catch {
    return { bytes: Buffer.concat(chunks), isCut: true };
  }
  return { bytes: Buffer.concat(chunks).subarray(0, most), isCut: size > most };
}

function headersOf({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, [value ?? ""].flat().join(", ")]),
  );
}
