import { expect, test } from "vitest";
import { InvalidNameError } from "../../src/engine/usage-errors.ts";
import { MAX_QUESTIONS } from "../../src/ports/questions.ts";
import { eventually, onEveryAdapter } from "./support/on-every-adapter.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);
const SOON = { timeoutMs: 30_000 };

onEveryAdapter("a question", (open) => {
  test("is answered from another connection, with whatever bytes", async () => {
    const { connect } = open();
    const [asker, server] = [await connect(), await connect()];
    await server.questions.answer("runs.list", async (question) =>
      bytes(`answer to ${text(question)}`),
    );
    await server.questions.answer("runs.count", async () => new Uint8Array());
    expect(text(await asker.questions.ask("runs.list", bytes("q"), SOON))).toBe("answer to q");
    expect(await asker.questions.ask("runs.count", bytes("q"), SOON)).toHaveLength(0);
  });

  test("that nobody answers fails at once, and says what to do", async () => {
    const { connect } = open();
    const { questions } = await connect();
    const asked = questions.ask("runs.list", bytes("q"), { timeoutMs: 600_000 });
    await expect(asked).rejects.toMatchObject({
      code: "NO_ANSWER",
      message: expect.stringContaining("millrace server") as string,
    });
  });

  test("that is not answered in time fails, and a late answer harms nobody", async () => {
    const { connect } = open();
    const [asker, server] = [await connect(), await connect()];
    const answers: ((data: Uint8Array) => void)[] = [];
    const heard: string[] = [];
    await server.questions.answer("slow", (question) => {
      heard.push(text(question));
      return new Promise((resolve) => {
        answers.push(resolve);
      });
    });
    const asked = asker.questions.ask("slow", bytes("first"), { timeoutMs: 50 });
    await expect(asked).rejects.toMatchObject({ code: "NO_ANSWER" });
    answers[0]?.(bytes("late"));
    const again = asker.questions.ask("slow", bytes("again"), SOON);
    await eventually(() => expect(heard).toEqual(["first", "again"]));
    answers[1]?.(bytes("in time"));
    expect(text(await again)).toBe("in time");
  });

  test("that is refused tells the code and message of what was thrown there", async () => {
    const { connect } = open();
    const [asker, server] = [await connect(), await connect()];
    await server.questions.answer("coded", async () => {
      throw new InvalidNameError("A flow", "a b", "no");
    });
    await server.questions.answer("plain", () => {
      throw new TypeError("Line one\nline two");
    });
    await expect(asker.questions.ask("coded", bytes(""), SOON)).rejects.toMatchObject({
      code: "QUESTION_REFUSED",
      refusal: "INVALID_NAME",
      message: 'A flow "a b" is not allowed: no.',
    });
    await expect(asker.questions.ask("plain", bytes(""), SOON)).rejects.toMatchObject({
      code: "QUESTION_REFUSED",
      refusal: "UNKNOWN_ERROR",
      message: "Line one\nline two",
    });
  });

  test("whose answer is larger than a message may be is refused, not left unanswered", async () => {
    const { connect } = open();
    const [asker, server] = [await connect(), await connect()];
    await server.questions.answer("large", async () => new Uint8Array(5_000_000));
    await expect(asker.questions.ask("large", bytes(""), SOON)).rejects.toMatchObject({
      code: "QUESTION_REFUSED",
    });
  });

  test("goes to one of those who answer, and to those that are left when one stops", async () => {
    const { connect } = open();
    const [asker, one, other] = [await connect(), await connect(), await connect()];
    const answered: string[] = [];
    const by = (name: string) => async () => {
      answered.push(name);
      return bytes(name);
    };
    const stopOne = await one.questions.answer("who", by("one"));
    await other.questions.answer("who", by("other"));
    for (let at = 0; at < 30; at++) await asker.questions.ask("who", bytes(""), SOON);
    expect(answered).toHaveLength(30);
    await stopOne();
    for (let at = 0; at < 10; at++) {
      expect(text(await asker.questions.ask("who", bytes(""), SOON))).toBe("other");
    }
  });

  test("that is under way is answered before its answerer has stopped", async () => {
    const { connect } = open();
    const [asker, server] = [await connect(), await connect()];
    const answers: ((data: Uint8Array) => void)[] = [];
    const stop = await server.questions.answer("slow", (question) =>
      text(question) === "wait"
        ? new Promise((resolve) => answers.push(resolve))
        : Promise.resolve(bytes("at once")),
    );
    const answer = asker.questions.ask("slow", bytes("wait"), SOON);
    await eventually(() => expect(answers).toHaveLength(1));
    let stopped = false;
    const stopping = stop().then(() => {
      stopped = true;
    });
    await eventually(() =>
      expect(asker.questions.ask("slow", bytes(""), SOON)).rejects.toMatchObject({
        code: "NO_ANSWER",
      }),
    );
    expect(stopped).toBe(false);
    answers[0]?.(bytes("done"));
    expect(text(await answer)).toBe("done");
    await stopping;
  });

  test("is given up by its signal, and when the connection is closed", async () => {
    const { connect } = open();
    const [asker, server] = [await connect(), await connect()];
    await server.questions.answer("never", () => new Promise(() => undefined));
    const abort = new AbortController();
    const given = asker.questions.ask("never", bytes(""), { ...SOON, signal: abort.signal });
    const left = asker.questions.ask("never", bytes(""), SOON);
    left.catch(() => undefined);
    abort.abort(new Error("Enough"));
    await expect(given).rejects.toThrow("Enough");
    await asker.close();
    await expect(left).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
  });

  test("too many at a time is refused at once", async () => {
    const { connect } = open();
    const [asker, server] = [await connect(), await connect()];
    const waiting: ((data: Uint8Array) => void)[] = [];
    await server.questions.answer("slow", () => new Promise((resolve) => waiting.push(resolve)));
    const asked = Array.from({ length: MAX_QUESTIONS }, () =>
      asker.questions.ask("slow", bytes(""), { timeoutMs: 60_000 }),
    );
    await eventually(() => expect(waiting).toHaveLength(MAX_QUESTIONS));
    await expect(asker.questions.ask("slow", bytes(""), SOON)).rejects.toMatchObject({
      refusal: "TOO_MANY_QUESTIONS",
    });
    for (const answer of waiting) answer(bytes("at last"));
    await Promise.all(asked);
  });

  test("on a subject that is none reaches nobody", async () => {
    const { connect } = open();
    const { questions } = await connect();
    for (const subject of ["", "a.*", ">", "a..b", "a b", "a.", ".a", "ä"]) {
      await expect(questions.ask(subject, bytes(""), SOON)).rejects.toThrow(InvalidNameError);
      await expect(questions.answer(subject, async () => bytes(""))).rejects.toThrow(
        InvalidNameError,
      );
    }
  });
});
