/** What the crash drill shows while it runs: three lines that change in place on a terminal, a few lines elsewhere. */
export class DrillView {
  #total;
  #workers;
  #killed;
  #drawn = 0;
  #drawnAt = 0;
  #quarters = 0;

  constructor({ runs, steps, workers }) {
    this.#total = { runs, steps };
    this.#workers = workers;
    console.log(`Crash drill: ${runs} runs, ${steps} steps, ${workers.length} workers`);
  }

  killed(victim) {
    this.#killed = victim;
    if (!process.stdout.isTTY) console.log(`kill -9 ${victim.pid} (${victim.name})`);
  }

  update(runs) {
    if (!process.stdout.isTTY) return this.#tellQuarter(runs);
    if (Date.now() - this.#drawnAt > 80) this.#draw(runs);
  }

  end(runs) {
    if (process.stdout.isTTY) this.#draw(runs);
  }

  #draw(runs) {
    const { steps, runs: wanted } = this.#total;
    const { done, ended } = count(runs);
    const width = 40;
    const filled = Math.round((done / steps) * width);
    const lines = [
      `[${"#".repeat(filled)}${".".repeat(width - filled)}] ${done}/${steps} steps, ${ended}/${wanted} runs`,
      ...this.#workers.map((worker) => this.#workerLine(worker, runs)),
    ];
    const up = this.#drawn === 0 ? "" : `\u001b[${this.#drawn}A`;
    process.stdout.write(`${up}${lines.map((line) => `\u001b[2K${line}\n`).join("")}`);
    this.#drawn = lines.length;
    this.#drawnAt = Date.now();
  }

  #workerLine({ id, name, pid }, runs) {
    const held = runs.filter(({ holder }) => holder === id).length;
    const dead = this.#killed?.id === id ? ", killed" : "";
    return `  ${name} (pid ${pid}): holds ${held}${dead}`;
  }

  #tellQuarter(runs) {
    const { done, ended } = count(runs);
    const quarter = Math.floor((done / this.#total.steps) * 4);
    if (quarter <= this.#quarters) return;
    this.#quarters = quarter;
    console.log(`${done}/${this.#total.steps} steps, ${ended}/${this.#total.runs} runs ended`);
  }
}

function count(runs) {
  return {
    done: runs.reduce((sum, { steps }) => sum + steps.length, 0),
    ended: runs.filter(({ result }) => result !== undefined).length,
  };
}
