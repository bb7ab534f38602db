import { Child } from "./child-process.ts";

/** A client in a process of its own. */
export class ClientProcess {
  readonly child: Child;
  #last = 0;

  private constructor(child: Child) {
    this.child = child;
  }

  static async start(settings: object): Promise<ClientProcess> {
    const child = new Child("client.mjs", settings);
    await child.reported("the client is connected", (report) => "ready" in report);
    return new ClientProcess(child);
  }

  submit(flow: string, input?: unknown, options?: object): Promise<Answer> {
    return this.#ask({ command: "submit", flow, input, options });
  }

  result(run: string): Promise<Answer> {
    return this.#ask({ command: "result", run });
  }

  submitAndWait(flow: string, input?: unknown, options?: object): Promise<Answer> {
    return this.#ask({ command: "submitAndWait", flow, input, options });
  }

  /** The value goes by a signal of this name to the run of this key, which is started if there is none. */
  signalOrSubmit(
    flow: string,
    input: unknown,
    options: { readonly key: string; readonly signalId?: string },
    signal: string,
    value: unknown,
  ): Promise<Answer> {
    return this.#ask({ command: "signalOrSubmit", flow, input, options, signal, value });
  }

  async #ask(command: object): Promise<Answer> {
    const id = ++this.#last;
    this.child.send({ ...command, id });
    return this.child.reported("its answer", (report) => report["id"] === id);
  }
}

/** What a client process got: a value or an error. */
export interface Answer {
  readonly value?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}
