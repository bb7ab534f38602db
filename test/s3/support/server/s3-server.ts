/**
 * A server process that speaks the part of the Amazon S3 REST API that storing blobs takes, written after the API
 * reference: PutObject, GetObject, HeadObject, DeleteObject, and multipart uploads, with path-style addresses. It is strict:
 * a request is answered only if its signature (version 4) is right, its body has the hash that was signed, and it asks for
 * nothing that is not implemented here. Objects survive a restart.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { md5, type NamedPart, type ObjectFacts, ObjectFiles } from "./object-files.ts";
import { S3Refusal } from "./s3-failure.ts";
import { type Account, checkSignature } from "./signature-v4.ts";

interface Settings extends Account {
  readonly directory: string;
  readonly port: number;
  readonly bucket: string;
  /** A bucket policy that denies what is not encrypted. */
  readonly requiresEncryption: boolean;
}

const settings = JSON.parse(process.argv[2] ?? "{}") as Settings;
const files = new ObjectFiles(settings.directory);
const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => refuse(response, error));
});
server.listen(settings.port, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ port })}\n`);
});

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(request);
  authenticate(request, body);
  const url = new URL(request.url ?? "/", "http://server");
  const [, bucket = "", ...path] = url.pathname.split("/").map(decodeURIComponent);
  if (bucket !== settings.bucket) throw new S3Refusal(404, "NoSuchBucket", bucket);
  const key = path.join("/");
  if (key === "") throw new S3Refusal(501, "NotImplemented", "Requests to a bucket");
  if (Buffer.byteLength(key) > 1024) throw new S3Refusal(400, "KeyTooLongError", key);
  const query = new Map(url.searchParams);
  query.delete("x-id"); // The name of the operation, for logs.
  const operation = `${request.method} ${[...query.keys()].toSorted().join("&")}`.trim();
  const perform = OPERATIONS[operation];
  if (perform === undefined) throw new S3Refusal(501, "NotImplemented", operation);
  await perform({ request, response, key, query, body });
}

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

const OPERATIONS: Readonly<Record<string, (call: Call) => Promise<void>>> = {
  PUT: async ({ request, response, key, body }) => {
    const etag = md5(body);
    const facts = { ...encryptionOf(request), etag };
    await files.put(key, body, facts);
    response.writeHead(200, headersOf(facts)).end();
  },
  GET: async ({ request, response, key }) => {
    if (request.headers.range !== undefined) throw new S3Refusal(501, "NotImplemented", "Range");
    const { body, headers } = await found(key);
    response.writeHead(200, headers).end(body);
  },
  HEAD: async ({ response, key }) => {
    response.writeHead(200, (await found(key)).headers).end();
  },
  DELETE: async ({ response, key }) => {
    await files.remove(key);
    response.writeHead(204).end();
  },
  "POST uploads": async ({ request, response, key }) => {
    const id = await files.startUpload({ key, facts: encryptionOf(request) });
    const { bucket } = settings;
    const parts = { Bucket: bucket, Key: key, UploadId: id };
    answer(response, "InitiateMultipartUploadResult", parts);
  },
  "PUT partNumber&uploadId": async ({ response, key, query, body }) => {
    const number = Number(query.get("partNumber"));
    if (!Number.isInteger(number) || number < 1 || number > 10_000) {
      throw new S3Refusal(400, "InvalidArgument", "Part numbers are from 1 to 10000");
    }
    const etag = await files.putPart(key, query.get("uploadId") ?? "", number, body);
    response.writeHead(200, { etag: `"${etag}"` }).end();
  },
  "POST uploadId": async ({ response, key, query, body }) => {
    const etag = await files.completeUpload(key, query.get("uploadId") ?? "", partsOf(body));
    const { bucket } = settings;
    const parts = { Bucket: bucket, Key: key, ETag: `"${etag}"` };
    answer(response, "CompleteMultipartUploadResult", parts);
  },
  "DELETE uploadId": async ({ response, key, query }) => {
    await files.abortUpload(key, query.get("uploadId") ?? "");
    response.writeHead(204).end();
  },
};

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

function authenticate(request: IncomingMessage, body: Buffer): void {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = Array.isArray(value) ? value.join(",") : value;
  }
  const { method = "", url = "" } = request;
  const failure = checkSignature({ method, url, headers, now: Date.now() }, settings);
  if (failure !== undefined) throw new S3Refusal(failure.status, failure.code, failure.message);
  const signed = headers["x-amz-content-sha256"];
  if (signed === undefined) throw new S3Refusal(400, "InvalidRequest", "x-amz-content-sha256");
  // Over plain HTTP a payload has to be signed.
  if (!/^[0-9a-f]{64}$/.test(signed)) throw new S3Refusal(501, "NotImplemented", signed);
  if (createHash("sha256").update(body).digest("hex") !== signed) {
    throw new S3Refusal(400, "XAmzContentSHA256Mismatch", signed);
  }
  const digest = headers["content-md5"];
  if (digest !== undefined && Buffer.from(digest, "base64").toString("hex") !== md5(body)) {
    throw new S3Refusal(400, "BadDigest", digest);
  }
  if (method === "PUT" && headers["content-length"] === undefined) {
    throw new S3Refusal(411, "MissingContentLength", "Content-Length");
  }
}

function encryptionOf({ headers }: IncomingMessage): Omit<ObjectFacts, "etag"> {
  const encryption = headers["x-amz-server-side-encryption"]?.toString();
  const kmsKeyId = headers["x-amz-server-side-encryption-aws-kms-key-id"]?.toString();
  if (encryption !== undefined && encryption !== "AES256" && encryption !== "aws:kms") {
    throw new S3Refusal(400, "InvalidEncryptionAlgorithmError", encryption);
  }
  if (kmsKeyId !== undefined && encryption !== "aws:kms") {
    throw new S3Refusal(400, "InvalidArgument", "A KMS key without aws:kms");
  }
  if (settings.requiresEncryption && encryption === undefined) {
    throw new S3Refusal(403, "AccessDenied", "The bucket takes encrypted objects only");
  }
  return { encryption, kmsKeyId };
}

function headersOf({ etag, encryption, kmsKeyId }: ObjectFacts): Record<string, string> {
  return {
    etag: `"${etag}"`,
    ...(encryption === undefined ? {} : { "x-amz-server-side-encryption": encryption }),
    ...(kmsKeyId === undefined ? {} : { "x-amz-server-side-encryption-aws-kms-key-id": kmsKeyId }),
  };
}

async function found(key: string): Promise<{ body: Buffer; headers: Record<string, string> }> {
  const object = await files.get(key);
  if (object === undefined) throw new S3Refusal(404, "NoSuchKey", key);
  const headers = { ...headersOf(object), "content-length": String(object.body.length) };
  return { body: object.body, headers };
}

function partsOf(body: Buffer): readonly NamedPart[] {
  const text = body.toString("utf8");
  if (!/<CompleteMultipartUpload\b/.test(text)) throw new S3Refusal(400, "MalformedXML", text);
  return [...text.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = ""]) => ({
    number: Number(/<PartNumber>(\d+)<\/PartNumber>/.exec(part)?.[1]),
    etag: /<ETag>(?:"|&quot;)?([0-9a-f]{32})(?:"|&quot;)?<\/ETag>/.exec(part)?.[1] ?? "",
  }));
}

function answer(response: ServerResponse, name: string, parts: Record<string, string>): void {
  const inner = Object.entries(parts).map(([tag, text]) => `<${tag}>${escaped(text)}</${tag}>`);
  const namespace = "http://s3.amazonaws.com/doc/2006-03-01/";
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="${namespace}">${inner.join("")}</${name}>`;
  response.writeHead(200, { "content-type": "application/xml" }).end(xml);
}

function refuse(response: ServerResponse, error: unknown): void {
  const { status, code, message } =
    error instanceof S3Refusal
      ? error.failure
      : { status: 500, code: "InternalError", message: String(error) };
  if (response.headersSent) return void response.destroy();
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${escaped(message)}</Message></Error>`;
  response.writeHead(status, { "content-type": "application/xml" }).end(xml);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
