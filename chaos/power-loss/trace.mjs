// @ts-check
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

/** The calls that change what is in files, and those that say which file a number means. */
export const CALLS = Object.freeze(
  (
    "openat,open,creat,close,dup,dup2,dup3,lseek,write,writev,pwrite64,pwritev,pwritev2,fsync,fdatasync,sync,syncfs," +
    "rename,renameat,renameat2,truncate,ftruncate,fallocate,unlink,unlinkat,rmdir,mkdir,mkdirat,link,linkat,copy_file_range,sendfile"
  ).split(","),
);

/** How strace is to be called so that `replay` understands what it writes. @param {string} file */
export function straceArguments(file) {
  // -D: the traced process is the child, and not strace. -xx: all strings in hexadecimal.
  const how = ["-D", "-f", "--seccomp-bpf", "-qq", "-xx", "-s", "67108864"];
  return [...how, "-e", `trace=${CALLS.join(",")}`, "-e", "signal=none", "-o", file];
}

/**
 * Does to a disk what a traced process did to the files of a folder.
 * @param {string} file what strace wrote
 * @param {string} folder
 * @param {import("./disk.mjs").Disk} disk as it was when the process was started
 */
export async function replay(file, folder, disk) {
  const replayer = new Replayer(folder, disk);
  const lines = createInterface({
    input: createReadStream(file),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  for await (const line of lines) replayer.line(line);
}

/** An open file. `position`: where the next `write` goes. @typedef {{ file: import("./disk.mjs").File | undefined, position: number, isSynced: boolean, appends: boolean }} Open */

export class Replayer {
  #folder;
  #disk;
  /** @type {Map<number, Open>} */ #open = new Map();
  /** Calls that have begun, by thread. @type {Map<string, { text: string, mark: number | undefined }>} */ #begun =
    new Map();

  /** @param {string} folder @param {import("./disk.mjs").Disk} disk */
  constructor(folder, disk) {
    this.#folder = folder;
    this.#disk = disk;
  }

  /** @param {string} line */
  line(line) {
    const [, thread = "", rest = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (rest.endsWith(UNFINISHED)) {
      const text = rest.slice(0, -UNFINISHED.length).trimEnd();
      this.#begun.set(thread, { text, mark: this.#begin(text) });
      return;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    if (resumed === null) return this.#call(rest, undefined, false);
    const begun = this.#begun.get(thread);
    this.#begun.delete(thread);
    if (begun !== undefined) this.#call(begun.text + (resumed[1] ?? ""), begun.mark, true);
  }

  /** What has to be known or done when a call begins, and not when it ends. @param {string} text */
  #begin(text) {
    const { name, args } = parse(text);
    // Its number may be given to another file before this call has ended.
    if (name === "close") this.#open.delete(Number(args[0]));
    return name === "fsync" || name === "fdatasync" ? this.#of(args[0])?.file?.changes : undefined;
  }

  /** @param {string} text @param {number | undefined} mark @param {boolean} hasBegun */
  #call(text, mark, hasBegun) {
    const { name, args, result } = parse(text);
    if (name === "" || result < 0) return;
    const [first = "", second = "", third = "", fourth = ""] = args;
    switch (name) {
      case "openat":
        return this.#opened(result, textOf(second), third);
      case "open":
        return this.#opened(result, textOf(first), second);
      case "creat":
        return this.#opened(result, textOf(first), "O_CREAT|O_TRUNC");
      case "close":
        if (!hasBegun) this.#open.delete(Number(first));
        return;
      case "write":
        return this.#write(first, second, result, undefined);
      case "pwrite64":
        return this.#write(first, second, result, Number(fourth));
      case "lseek": {
        const open = this.#of(first);
        if (open !== undefined) open.position = result;
        return;
      }
      case "ftruncate":
        return this.#of(first)?.file?.truncate(Number(second));
      case "truncate":
        return this.#disk.open(textOf(first))?.truncate(Number(second));
      case "fsync":
      case "fdatasync": {
        const open = this.#of(first);
        if (open !== undefined) this.#disk.sync(open.file, mark);
        return;
      }
      case "sync":
      case "syncfs":
        return this.#disk.syncAll();
      case "rename":
        return this.#rename(first, second);
      case "renameat":
      case "renameat2":
        return this.#rename(second, fourth);
      case "unlink":
      case "rmdir":
        return this.#removed(textOf(first));
      case "unlinkat":
        return this.#removed(textOf(second));
      case "mkdir":
        return this.#made(textOf(first));
      case "mkdirat":
        return this.#made(textOf(second));
      default:
        // Sockets are written to by these as well.
        if (args.slice(0, 2).some((arg) => this.#of(arg) !== undefined)) {
          throw new Error(
            `The server did ${name} with a file of its store, which is not known here.`,
          );
        }
    }
  }

  /** @param {number} number @param {string} path @param {string} flags */
  #opened(number, path, flags) {
    if (!this.#isOurs(path)) {
      this.#open.delete(number);
      return;
    }
    const how = new Set(flags.split("|"));
    const create = how.has("O_CREAT");
    const file = this.#disk.open(path, { create, truncate: how.has("O_TRUNC") });
    const isSynced = how.has("O_SYNC") || how.has("O_DSYNC");
    this.#open.set(number, { file, position: 0, isSynced, appends: how.has("O_APPEND") });
  }

  /** @param {string} number @param {string} data @param {number} written @param {number | undefined} at */
  #write(number, data, written, at) {
    const open = this.#of(number);
    if (open?.file === undefined) return;
    const bytes = bytesOf(data).subarray(0, written);
    if (open.appends) open.position = open.file.length;
    open.file.write(at ?? open.position, bytes);
    if (at === undefined) open.position += written;
    if (open.isSynced) this.#disk.sync(open.file);
  }

  /** @param {string} from @param {string} to */
  #rename(from, to) {
    const [source, target] = [textOf(from), textOf(to)];
    if (this.#isOurs(source) || this.#isOurs(target)) this.#disk.rename(source, target);
  }

  /** @param {string} path */
  #removed(path) {
    if (this.#isOurs(path)) this.#disk.remove(path);
  }

  /** @param {string} path */
  #made(path) {
    if (this.#isOurs(path)) this.#disk.makeFolder(path);
  }

  /** @param {string | undefined} number */
  #of(number) {
    return this.#open.get(Number(number));
  }

  /** @param {string} path */
  #isOurs(path) {
    return path === this.#folder || path.startsWith(`${this.#folder}/`);
  }
}

const UNFINISHED = "<unfinished ...>";

/** @param {string} text */
function parse(text) {
  const from = text.indexOf("(");
  if (from <= 0) return { name: "", args: [], result: -1 };
  const name = text.slice(0, from);
  const end = text.lastIndexOf(") ");
  const args = text.slice(from + 1, end === -1 ? text.length : end).split(", ");
  const result = end === -1 ? -1 : Number(/^\) +=\s+(-?\d+)/.exec(text.slice(end))?.[1] ?? -1);
  return { name, args, result };
}

/** @param {string} text `"\x2f\x61"` */
function bytesOf(text) {
  return Buffer.from(text.slice(1, text.lastIndexOf('"')).replaceAll("\\x", ""), "hex");
}

/** @param {string} text */
function textOf(text) {
  return bytesOf(text).toString();
}
