import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { S3Refusal } from "./s3-failure.ts";

/** Objects and unfinished uploads as files. No part of a path is a client's: names are hashes, keys are inside. */
export class ObjectFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async get(key: string): Promise<StoredObject | undefined> {
    const file = this.#objectFile(key);
    const [body, about] = await Promise.all([read(file), read(`${file}.json`)]);
    if (body === undefined || about === undefined) return undefined;
    return { body, ...(JSON.parse(about.toString("utf8")) as ObjectFacts) };
  }

  async put(key: string, body: Buffer, facts: ObjectFacts): Promise<void> {
    const file = this.#objectFile(key);
    await mkdir(join(this.#directory, "objects"), { recursive: true });
    await writeWhole(`${file}.json`, Buffer.from(JSON.stringify(facts)));
    await writeWhole(file, body);
  }

  async remove(key: string): Promise<void> {
    await rm(this.#objectFile(key), { force: true });
  }

  async startUpload(upload: Upload): Promise<string> {
    const id = randomUUID();
    await mkdir(this.#uploadFolder(id), { recursive: true });
    await writeFile(join(this.#uploadFolder(id), "upload.json"), JSON.stringify(upload));
    return id;
  }

  async putPart(key: string, id: string, part: number, body: Buffer): Promise<string> {
    await this.#upload(key, id);
    await writeWhole(join(this.#uploadFolder(id), String(part)), body);
    return md5(body);
  }

  /** Puts the parts together in the order that is given, which must rise. */
  async completeUpload(key: string, id: string, parts: readonly NamedPart[]): Promise<string> {
    const upload = await this.#upload(key, id);
    if (parts.length === 0) throw new S3Refusal(400, "MalformedXML", "There are no parts");
    const bodies: Buffer[] = [];
    for (const [at, { number, etag }] of parts.entries()) {
      const former = parts[at - 1];
      if (former !== undefined && former.number >= number) {
        throw new S3Refusal(400, "InvalidPartOrder", `${former.number}, ${number}`);
      }
      const body = await read(join(this.#uploadFolder(id), String(number)));
      if (body === undefined || md5(body) !== etag) {
        throw new S3Refusal(400, "InvalidPart", String(number));
      }
      if (body.length < SMALLEST_PART && at < parts.length - 1) {
        throw new S3Refusal(400, "EntityTooSmall", `Part ${number} has ${body.length} bytes`);
      }
      bodies.push(body);
    }
    const hashes = parts.map(({ etag }) => Buffer.from(etag, "hex"));
    const etag = `${md5(Buffer.concat(hashes))}-${parts.length}`;
    await this.put(key, Buffer.concat(bodies), { ...upload.facts, etag });
    await this.abortUpload(key, id);
    return etag;
  }

  async abortUpload(key: string, id: string): Promise<void> {
    await this.#upload(key, id);
    await rm(this.#uploadFolder(id), { recursive: true, force: true });
  }

  async uploads(): Promise<readonly string[]> {
    return readdir(join(this.#directory, "uploads")).catch(() => []);
  }

  async #upload(key: string, id: string): Promise<Upload> {
    const isId = /^[0-9a-f-]{36}$/.test(id);
    const about = isId ? await read(join(this.#uploadFolder(id), "upload.json")) : undefined;
    const upload = about === undefined ? undefined : (JSON.parse(about.toString("utf8")) as Upload);
    if (upload?.key !== key) throw new S3Refusal(404, "NoSuchUpload", id);
    return upload;
  }

  #objectFile(key: string): string {
    return join(this.#directory, "objects", createHash("sha256").update(key).digest("hex"));
  }

  #uploadFolder(id: string): string {
    return join(this.#directory, "uploads", id);
  }
}

export interface ObjectFacts {
  readonly etag: string;
  /** `AES256`, `aws:kms` or nothing. */
  readonly encryption: string | undefined;
  readonly kmsKeyId: string | undefined;
}

interface StoredObject extends ObjectFacts {
  readonly body: Buffer;
}

export interface Upload {
  readonly key: string;
  readonly facts: Omit<ObjectFacts, "etag">;
}

export interface NamedPart {
  readonly number: number;
  readonly etag: string;
}

const SMALLEST_PART = 5 * 1024 * 1024;

export function md5(body: Buffer): string {
  return createHash("md5").update(body).digest("hex");
}

async function read(file: string): Promise<Buffer | undefined> {
  return readFile(file).catch(() => undefined);
}

/** All of it or none: whoever reads meanwhile has the former file. */
async function writeWhole(file: string, body: Buffer): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, body);
  await rename(draft, file);
}
