import { expect, test } from "vitest";
import { checkSignature, type SignedRequest, signatureOf } from "./support/server/signature-v4.ts";

// The examples of "Authenticating Requests: Using the Authorization Header" in the Amazon S3 API reference.
const account = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  region: "us-east-1",
};
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const time = "20130524T000000Z";
const now = Date.UTC(2013, 4, 24);

function request(
  method: string,
  url: string,
  headers: Readonly<Record<string, string>> = {},
): SignedRequest {
  const host = "examplebucket.s3.amazonaws.com";
  const all = { host, "x-amz-date": time, "x-amz-content-sha256": EMPTY, ...headers };
  return { method, url, now, headers: all };
}

function signed(plain: SignedRequest): string {
  return signatureOf(plain, account, { time, signed: Object.keys(plain.headers) });
}

test("The server of these tests calculates the signatures that Amazon documents", () => {
  expect(signed(request("GET", "/test.txt", { range: "bytes=0-9" }))).toBe(
    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  );
  const put = request("PUT", "/test%24file.text", {
    date: "Fri, 24 May 2013 00:00:00 GMT",
    "x-amz-storage-class": "REDUCED_REDUNDANCY",
    "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
  });
  expect(signed(put)).toBe("98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  expect(signed(request("GET", "/?lifecycle"))).toBe(
    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
  );
  expect(signed(request("GET", "/?max-keys=2&prefix=J"))).toBe(
    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  );
});

test("It refuses a request whose path, header, time, region or signer is not the one that was signed", () => {
  const authorized = (plain: SignedRequest): SignedRequest => ({
    ...plain,
    headers: {
      ...plain.headers,
      authorization: `AWS4-HMAC-SHA256 Credential=${account.accessKeyId}/20130524/us-east-1/s3/aws4_request,SignedHeaders=${Object.keys(plain.headers).toSorted().join(";")},Signature=${signed(plain)}`,
    },
  });
  const good = authorized(request("GET", "/test.txt"));
  const code = (changed: Partial<SignedRequest>, by = account): string | undefined =>
    checkSignature({ ...good, ...changed }, by)?.code;
  expect(code({})).toBeUndefined();
  expect(code({ url: "/test2.txt" })).toBe("SignatureDoesNotMatch");
  expect(code({ url: "/test.txt?acl" })).toBe("SignatureDoesNotMatch");
  expect(code({ method: "PUT" })).toBe("SignatureDoesNotMatch");
  expect(code({ headers: { ...good.headers, "x-amz-acl": "public-read" } })).toBe("AccessDenied");
  expect(code({ headers: { ...good.headers, authorization: undefined } })).toBe("AccessDenied");
  expect(code({ now: now + 3_600_000 })).toBe("RequestTimeTooSkewed");
  expect(code({}, { ...account, region: "eu-central-1" })).toBe("AuthorizationHeaderMalformed");
  expect(code({}, { ...account, accessKeyId: "another" })).toBe("InvalidAccessKeyId");
  expect(code({}, { ...account, secretAccessKey: "another" })).toBe("SignatureDoesNotMatch");
});
