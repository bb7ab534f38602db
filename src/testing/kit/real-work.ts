/** What goes on by the machine's own time: the functions of steps, until they are over. */
export class RealWork {
  #going = 0;
  #tell: () => void = () => undefined;
  #change = this.#next();

  /** How many go on now. */
  get going(): number {
    return this.#going;
  }

  /** Resolves when one more goes on, or one less. */
  get changed(): Promise<void> {
    return this.#change;
  }

  /** One more goes on. */
  begin(): GoingWork {
    let [rests, isOver] = [0, false];
    this.#count(1);
    return {
      end: () => {
        if (isOver) return;
        isOver = true;
        if (rests === 0) this.#count(-1);
      },
      rest: () => {
        if (rests++ === 0 && !isOver) this.#count(-1);
      },
      goOn: () => {
        if (--rests === 0 && !isOver) this.#count(1);
      },
    };
  }

  #count(change: number): void {
    this.#going += change;
    this.#tell();
    this.#change = this.#next();
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#tell = resolve;
    });
  }
}

/** One function that goes on. */
export interface GoingWork {
  /** It is over, or nobody waits for it any more. */
  end(): void;
  /** It waits for the engine's clock, until `goOn`. */
  rest(): void;
  goOn(): void;
}
