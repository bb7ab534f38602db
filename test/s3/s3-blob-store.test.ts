import { createHash, randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { BlobStoreError } from "../../src/engine/payload-errors.ts";
import { InvalidOptionError } from "../../src/engine/usage-errors.ts";
import {
  S3BlobStore,
  type S3BlobStoreOptions,
  type S3Credentials,
} from "../../src/s3/s3-blob-store.ts";
import { type S3Server, type S3ServerOptions, startS3Server } from "./support/start-s3-server.ts";

async function serve(options: S3ServerOptions = {}): Promise<S3Server> {
  const server = await startS3Server(options);
  onTestFinished(() => server.stop());
  return server;
}

function open(server: S3Server, options: Partial<S3BlobStoreOptions> = {}): S3BlobStore {
  const store = new S3BlobStore({ ...server.options, ...options });
  onTestFinished(() => store.close());
  return store;
}

async function put(store: S3BlobStore, bytes: Uint8Array): Promise<string> {
  return store.put({ bytes, sha256: createHash("sha256").update(bytes).digest("hex") });
}

async function facts(server: S3Server): Promise<readonly object[]> {
  const folder = join(server.directory, "objects");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json"));
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return texts.map((text) => JSON.parse(text) as object);
}

function make(options: Partial<S3BlobStoreOptions>): S3BlobStore {
  return new S3BlobStore({ bucket: "payloads", ...options });
}

test("A prefix stands before each key, and what was stored under another one is still found", async () => {
  const server = await serve();
  const first = open(server);
  const key = await put(first, randomBytes(10));
  expect(key).toMatch(/^millrace\/[0-9a-f]{64}$/);
  const second = open(server, { prefix: "jobs (1)/e*'" });
  expect(await put(second, randomBytes(10))).toMatch(/^jobs \(1\)\/e\*'[0-9a-f]{64}$/);
  expect(await second.get(key)).toBeDefined();
});

test("Every object is encrypted as asked for, in one piece and in parts", async () => {
  const server = await serve({ requiresEncryption: true });
  await expect(put(open(server), randomBytes(10))).rejects.toThrow(/AccessDenied/);
  const managed = open(server, { serverSideEncryption: "AES256" });
  await put(managed, randomBytes(10));
  const kms = open(server, { serverSideEncryption: { type: "kms", kmsKeyId: "key-1" } });
  await put(kms, randomBytes(6_000_000));
  const found = await facts(server);
  expect(found).toContainEqual(expect.objectContaining({ encryption: "AES256" }));
  expect(found).toContainEqual(
    expect.objectContaining({ encryption: "aws:kms", kmsKeyId: "key-1" }),
  );
});

test("Credentials that are wrong, and a bucket that is not there, are named in the error", async () => {
  const server = await serve();
  const credentials = { accessKeyId: "AKIAMILLRACETEST", secretAccessKey: "wrong" };
  const wrong = put(open(server, { credentials }), randomBytes(10));
  await expect(wrong).rejects.toThrow(/SignatureDoesNotMatch/);
  await expect(wrong).rejects.toThrow(BlobStoreError);
  const nowhere = open(server, { bucket: "elsewhere", name: "cold" });
  await expect(put(nowhere, randomBytes(10))).rejects.toThrow(/Blob store cold .*NoSuchBucket/);
  await expect(nowhere.get("k")).rejects.toThrow(/NoSuchBucket/);
});

test("Credentials may come from a function, as those that expire do", async () => {
  const server = await serve();
  const { credentials } = server.options;
  if (typeof credentials !== "object") throw new Error("The server's credentials are plain");
  let asked = 0;
  const ask = async (): Promise<S3Credentials> => {
    asked++;
    return credentials;
  };
  const store = open(server, { credentials: ask });
  const key = await put(store, randomBytes(10));
  expect(await store.get(key)).toBeDefined();
  expect(asked).toBeGreaterThan(0);
});

test("Nothing of an upload in parts stays behind beside its object", async () => {
  const server = await serve();
  const store = open(server);
  await put(store, randomBytes(12_000_000));
  expect(await readdir(join(server.directory, "uploads"))).toEqual([]);
});

test("A bucket or prefix that cannot be one is refused before anything is sent", () => {
  expect(() => make({ bucket: "No Bucket" })).toThrow(InvalidOptionError);
  expect(() => make({ bucket: "" })).toThrow(InvalidOptionError);
  expect(() => make({ prefix: "../" })).toThrow(InvalidOptionError);
  expect(() => make({ prefix: "/a" })).toThrow(InvalidOptionError);
  expect(() => make({ prefix: "ä/" })).toThrow(InvalidOptionError);
});
