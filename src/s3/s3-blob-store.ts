import type { S3Client } from "@aws-sdk/client-s3";
import { BlobStoreError } from "../engine/payload-errors.ts";
import { InvalidOptionError } from "../engine/usage-errors.ts";
import type { BlobStore, NewBlob } from "../ports/blob-store.ts";

/**
 * Keeps large payloads in a bucket of S3, or of anything that speaks its protocol. The bucket must exist. Needs the
 * packages `@aws-sdk/client-s3` and `@aws-sdk/lib-storage`, which are loaded with the first blob.
 *
 * Give it to {@link connect} as `blobs`, in every process of the namespace. Millrace needs the rights to put, get and list
 * (without the last, S3 answers 403 for a blob that is missing), and to abort multipart uploads.
 */
export class S3BlobStore implements BlobStore {
  readonly name: string;
  readonly #options: S3BlobStoreOptions;
  #opening: Promise<Opened> | undefined;

  /** @throws {@link InvalidOptionError} for a bucket or prefix that cannot be one. Nothing is sent yet. */
  constructor(options: S3BlobStoreOptions) {
    this.name = options.name ?? "s3";
    this.#options = options;
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(options.bucket)) {
      throw new InvalidOptionError("bucket", options.bucket, "give the name of a bucket");
    }
    if (/^\/|\.\.\/|\/\/|[^ -~]/.test(this.#prefix)) {
      throw new InvalidOptionError("prefix", options.prefix, "give plain text such as millrace/");
    }
  }

  async put({ bytes, sha256 }: NewBlob): Promise<string> {
    const { client, Upload } = await this.#open();
    // Always stored anew: that restarts an expiry rule's clock, and heals a blob that was damaged.
    const Key = `${this.#prefix}${sha256}`;
    return this.#translate(`did not store ${Key}`, async () => {
      const params = { Bucket: this.#options.bucket, Key, Body: bytes, ...this.#encryption };
      await new Upload({ client, params, partSize: PART_BYTES, queueSize: PARTS_AT_ONCE }).done();
      return Key;
    });
  }

  async get(key: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const { client, GetObjectCommand } = await this.#open();
    const failure = `did not give ${key}`;
    return this.#translate(failure, async () => {
      try {
        const command = new GetObjectCommand({ Bucket: this.#options.bucket, Key: key });
        const { Body } = await client.send(command);
        if (Body === undefined) throw new Error("The answer has no body");
        return this.#pieces(Body as unknown as AsyncIterable<Uint8Array>, failure);
      } catch (error) {
        if (error instanceof Error && error.name === "NoSuchKey") return undefined;
        throw error;
      }
    });
  }

  /** Closes idle connections. What is under way goes on. */
  async close(): Promise<void> {
    const opened = await this.#opening?.catch(() => undefined);
    opened?.client.destroy();
  }

  get #prefix(): string {
    return this.#options.prefix ?? "millrace/";
  }

  get #encryption() {
    const { serverSideEncryption: chosen } = this.#options;
    if (chosen === undefined) return {};
    if (chosen === "AES256") return { ServerSideEncryption: chosen };
    return {
      ServerSideEncryption: "aws:kms" as const,
      ...(chosen.kmsKeyId === undefined ? {} : { SSEKMSKeyId: chosen.kmsKeyId }),
    };
  }

  async *#pieces(
    body: AsyncIterable<Uint8Array>,
    failure: string,
  ): AsyncGenerator<Uint8Array, void> {
    try {
      yield* body;
    } catch (cause) {
      throw this.#error(failure, cause);
    }
  }

  #open(): Promise<Opened> {
    this.#opening ??= this.#load();
    // The next one tries again.
    this.#opening.catch(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #load(): Promise<Opened> {
    const [{ S3Client, GetObjectCommand }, { Upload }] = await Promise.all([
      import("@aws-sdk/client-s3"),
      import("@aws-sdk/lib-storage"),
    ]).catch((cause: unknown) => {
      throw new BlobStoreError(
        this.name,
        "needs two packages. Run: npm install @aws-sdk/client-s3 @aws-sdk/lib-storage",
        { cause },
      );
    });
    const { region, endpoint, pathStyle, credentials } = this.#options;
    const client = new S3Client({
      // Stores of other makers want one too, and mostly do not care which.
      region: region ?? process.env["AWS_REGION"] ?? "us-east-1",
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined ? {} : { credentials }),
      forcePathStyle: pathStyle ?? false,
      // Who reads compares the SHA-256, and stores of other makers refuse the newer checksums.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      maxAttempts: 3,
      requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout: IDLE_TIMEOUT_MS },
    });
    return { client, GetObjectCommand, Upload };
  }

  async #translate<T>(failure: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw this.#error(failure, cause);
    }
  }

  #error(failure: string, cause: unknown): BlobStoreError {
    const { bucket, endpoint } = this.#options;
    const at = endpoint === undefined ? "" : ` at ${endpoint}`;
    const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    return new BlobStoreError(
      this.name,
      `${failure} (bucket ${bucket}${at}): ${reason}. Check that it can be reached, the bucket's name, and the credentials' rights.`,
      { cause },
    );
  }
}

export interface S3BlobStoreOptions {
  readonly bucket: string;
  /** Stands before each key. Default `millrace/`. */
  readonly prefix?: string;
  /** Default: the environment's `AWS_REGION`, else `us-east-1`. */
  readonly region?: string;
  /** URL of a store that is not Amazon's, such as `https://minio.example:9000`. */
  readonly endpoint?: string;
  /** The bucket in the path, not in the host's name: most stores of other makers want it. Default false. */
  readonly pathStyle?: boolean;
  /** Default: what the AWS SDK finds (environment, profile, role of the machine). */
  readonly credentials?: S3Credentials | (() => Promise<S3Credentials>);
  /** `AES256`: keys of S3. `kms`: a key of KMS, the account's own when none is named. Default: the bucket's setting. */
  readonly serverSideEncryption?: "AES256" | { readonly type: "kms"; readonly kmsKeyId?: string };
  /** Recorded with each blob. Give two stores of one namespace two names. Default `s3`. */
  readonly name?: string;
}

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

interface Opened {
  readonly client: S3Client;
  readonly GetObjectCommand: typeof import("@aws-sdk/client-s3").GetObjectCommand;
  readonly Upload: typeof import("@aws-sdk/lib-storage").Upload;
}

/** Larger blobs go in parts: the smallest that S3 takes, because each is hashed in one go. */
const PART_BYTES = 5_242_880;
const PARTS_AT_ONCE = 4;
const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 30_000;
