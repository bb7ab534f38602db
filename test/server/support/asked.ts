import { type IncomingHttpHeaders, request } from "node:http";

/**
 * Asks, and resolves when the server has the request: one that is on its way when the server stops may be cut off. What it
 * answers comes by `answer`.
 */
export async function asked(address: string): Promise<{ readonly answer: Promise<AskedAnswer> }> {
  const question = request(address, { agent: false, headers: { expect: "100-continue" } });
  const answer = new Promise<AskedAnswer>((resolve, reject) => {
    question.on("error", reject);
    question.on("response", (response) => {
      const { statusCode: status, headers } = response.resume();
      resolve({ status, headers });
    });
  });
  await new Promise((resolve) => {
    question.on("continue", resolve);
    question.flushHeaders();
  });
  question.end();
  return { answer };
}

export interface AskedAnswer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
}
