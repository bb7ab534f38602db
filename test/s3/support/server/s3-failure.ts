/** How S3 says no: a status with an XML document that holds a code. */
export interface S3Failure {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** Thrown where a request is refused. */
export class S3Refusal extends Error {
  readonly failure: S3Failure;

  constructor(status: number, code: string, message: string) {
    super(`${code}: ${message}`);
    this.failure = { status, code, message };
  }
}
