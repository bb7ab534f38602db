import { randomBytes } from "node:crypto";
import { request } from "node:http";
import type { Socket } from "node:net";

/** Talks to Node's inspector as a debugger does: Node 20 has no WebSocket of its own. */
export class InspectorClient {
  readonly #socket: Socket;
  readonly #answers = new Map<number, (answer: Answer) => void>();
  readonly #told: Told[] = [];
  /** Where scripts come from, by their id. */
  readonly #scripts = new Map<unknown, Params>();
  #waiting: { readonly method: string; readonly take: (params: Params) => void } | undefined;
  #bytes = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #last = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => this.#take(bytes));
    socket.on("error", () => undefined); // The process has ended, as it should in the end.
  }

  /** Asks for something, and gives the answer. */
  async ask(method: string, params: object = {}): Promise<Params> {
    const id = ++this.#last;
    const answered = new Promise<Answer>((resolve) => this.#answers.set(id, resolve));
    this.#send(JSON.stringify({ id, method, params }));
    const { error, result = {} } = await answered;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  /** The next event of this name that nobody has taken. */
  next(method: string): Promise<Params> {
    const at = this.#told.findIndex((told) => told.method === method);
    const [found] = at === -1 ? [] : this.#told.splice(at, 1);
    if (found !== undefined) return Promise.resolve(found.params);
    return new Promise((take) => {
      this.#waiting = { method, take };
    });
  }

  /** Waits until the program stops, and says where. */
  async paused(): Promise<Stop> {
    const { callFrames } = await this.next("Debugger.paused");
    const [frame = {}] = callFrames as readonly Params[];
    const { scriptId, lineNumber } = frame["location"] as Params;
    const { url, sourceMapURL } = this.#scripts.get(scriptId) ?? {};
    return {
      url: String(url),
      hasSourceMap: String(sourceMapURL).startsWith("data:application/json"),
      line: Number(lineNumber),
      frame: String(frame["callFrameId"]),
    };
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    for (;;) {
      const frame = frameIn(this.#bytes);
      if (frame === undefined) return;
      this.#bytes = this.#bytes.subarray(frame.end);
      if (frame.opcode > 2) continue; // Of the connection itself.
      this.#parts.push(frame.payload);
      if (!frame.isLast) continue;
      const text = Buffer.concat(this.#parts).toString("utf8");
      this.#parts = [];
      this.#heard(JSON.parse(text) as Answer & Told);
    }
  }

  #heard(message: Answer & Told): void {
    if (message.id !== undefined) return this.#answers.get(message.id)?.(message);
    if (message.method === "Debugger.scriptParsed") {
      this.#scripts.set(message.params["scriptId"], message.params);
      return;
    }
    const waiting = this.#waiting;
    if (waiting?.method !== message.method) {
      this.#told.push(message);
      return;
    }
    this.#waiting = undefined;
    waiting.take(message.params);
  }

  /** As one masked text frame. */
  #send(text: string): void {
    const payload = Buffer.from(text, "utf8");
    const mask = randomBytes(4);
    const head = Buffer.alloc(4);
    head.writeUInt8(0x81, 0);
    head.writeUInt8(0x80 | 126, 1);
    head.writeUInt16BE(payload.length, 2);
    const masked = payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
    this.#socket.write(Buffer.concat([head, mask, masked]));
  }
}

/** Connects to the address that Node prints. */
export function connectInspector(url: string): Promise<InspectorClient> {
  const { hostname, port, pathname } = new URL(url);
  return new Promise((resolve, reject) => {
    const asking = request({
      host: hostname,
      port,
      path: pathname,
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": randomBytes(16).toString("base64"),
      },
    });
    asking.once("upgrade", (_, socket: Socket, head: Buffer) => {
      const client = new InspectorClient(socket);
      if (head.length > 0) socket.unshift(head);
      resolve(client);
    });
    asking.once("error", reject);
    asking.end();
  });
}

/** Where a program stopped. */
export interface Stop {
  readonly url: string;
  readonly hasSourceMap: boolean;
  /** From 0. */
  readonly line: number;
  /** To ask about what is there. */
  readonly frame: string;
}

/** What the protocol says, as it says it. */
export type Params = Readonly<Record<string, unknown>>;

interface Answer {
  readonly id?: number;
  readonly result?: Params;
  readonly error?: { readonly message: string };
}

interface Told {
  readonly method: string;
  readonly params: Params;
}

interface Frame {
  readonly isLast: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
  readonly end: number;
}

/** The first frame of some bytes, if it is whole. A server does not mask. */
function frameIn(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, second = 0] = bytes;
  const short = second & 0x7f;
  const start = short === 127 ? 10 : short === 126 ? 4 : 2;
  if (bytes.length < start) return undefined;
  const length =
    short === 127
      ? Number(bytes.readBigUInt64BE(2))
      : short === 126
        ? bytes.readUInt16BE(2)
        : short;
  const end = start + length;
  if (bytes.length < end) return undefined;
  const payload = bytes.subarray(start, end);
  return { isLast: (first & 0x80) !== 0, opcode: first & 0x0f, payload, end };
}
