// @ts-check
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * What a machine's disk would hold if its power failed now: the bytes of a file up to its last sync, and names (what was
 * created, renamed, removed) up to the last sync of anything, for a journal of metadata is written in order with each sync (ext4,
 * XFS). Everything since is gone. That is the worst that these file systems do; mostly they lose less.
 */
export class Disk {
  /** Names as processes see them. @type {Map<string, Entry>} */ #names = new Map();
  /** Names as the disk has them. @type {Map<string, Entry>} */ #durableNames = new Map();
  #namesChanged = false;
  /** Writes that were lost by a cut, and their bytes. */
  lost = { writes: 0, bytes: 0 };

  /** The folder as it is now: all of it is taken for durable. @param {string} folder */
  static of(folder) {
    const disk = new Disk();
    disk.#names.set(folder, FOLDER);
    for (const { name, parentPath, ...entry } of entriesOf(folder)) {
      const path = join(parentPath, name);
      disk.#names.set(path, entry.isFolder ? FOLDER : new File(readFileSync(path)));
    }
    disk.#durableNames = new Map(disk.#names);
    return disk;
  }

  /**
   * @param {string} path
   * @param {{ readonly create?: boolean, readonly truncate?: boolean }} [how]
   * @returns {File | undefined} nothing for a folder
   */
  open(path, { create = false, truncate = false } = {}) {
    const found = this.#names.get(path);
    if (found === FOLDER) return undefined;
    if (found instanceof File) {
      if (truncate) found.truncate(0);
      return found;
    }
    if (!create) return undefined;
    const made = new File(Buffer.alloc(0));
    this.#set(path, made);
    return made;
  }

  /** @param {string} path */
  makeFolder(path) {
    this.#set(path, FOLDER);
  }

  /** A file, or a folder with all that is in it. @param {string} path */
  remove(path) {
    for (const name of this.#names.keys()) {
      if (name === path || name.startsWith(`${path}/`)) this.#names.delete(name);
    }
    this.#namesChanged = true;
  }

  /** @param {string} from @param {string} to */
  rename(from, to) {
    const moved = [...this.#names].filter(([name]) => name === from || name.startsWith(`${from}/`));
    this.remove(to);
    for (const [name, entry] of moved) {
      this.#names.delete(name);
      this.#set(to + name.slice(from.length), entry);
    }
  }

  /** All writes to a file up to a mark are on the disk, and so are all names. @param {File | undefined} file @param {number} [mark] */
  sync(file, mark) {
    file?.sync(mark);
    if (!this.#namesChanged) return;
    this.#durableNames = new Map(this.#names);
    this.#namesChanged = false;
  }

  syncAll() {
    for (const entry of this.#names.values()) if (entry instanceof File) entry.sync();
    this.sync(undefined);
  }

  /**
   * Puts what is left after the cut into a folder, in place of all that is there.
   * @param {string} folder as it was called when this was made
   * @param {(writes: number) => number} [keep] how many of the writes to a file that were not synced are there all the same
   */
  restore(folder, keep = () => 0) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const [path, entry] of this.#durableNames) {
      if (entry === FOLDER) mkdirSync(path, { recursive: true });
      if (!(entry instanceof File)) continue;
      mkdirSync(dirname(path), { recursive: true });
      const left = entry.unsynced;
      const kept = Math.min(left.length, keep(left.length));
      for (const bytes of left.slice(kept)) {
        this.lost.writes++;
        this.lost.bytes += bytes;
      }
      entry.sync(kept);
      writeFileSync(path, entry.durable);
    }
  }

  /** @param {string} path @param {Entry} entry */
  #set(path, entry) {
    this.#names.set(path, entry);
    this.#namesChanged = true;
  }
}

/** @typedef {File | typeof FOLDER} Entry */
const FOLDER = Symbol("folder");

/** A file's bytes: those on the disk, and the changes since the last sync. */
export class File {
  /** How long it is for processes. */
  length;
  #bytes;
  #length;
  /** @type {Change[]} */ #changes = [];

  /** @param {Buffer} bytes */
  constructor(bytes) {
    this.#bytes = bytes;
    this.#length = bytes.length;
    this.length = bytes.length;
  }

  get durable() {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A mark for `sync`: how many changes there are that are not on the disk. */
  get changes() {
    return this.#changes.length;
  }

  /** The bytes of each write that is not on the disk. */
  get unsynced() {
    return this.#changes.map((change) => ("data" in change ? change.data.length : 0));
  }

  /** @param {number} at @param {Buffer} data */
  write(at, data) {
    this.#changes.push({ at, data });
    this.length = Math.max(this.length, at + data.length);
  }

  /** @param {number} length */
  truncate(length) {
    this.#changes.push({ length });
    this.length = length;
  }

  /** @param {number} [mark] */
  sync(mark = this.#changes.length) {
    for (const change of this.#changes.splice(0, mark)) {
      if ("data" in change) this.#put(change.at, change.data);
      else this.#resize(change.length);
    }
  }

  /** @param {number} at @param {Buffer} data */
  #put(at, data) {
    const end = at + data.length;
    if (end > this.#length) this.#resize(end);
    data.copy(this.#bytes, at);
  }

  /** @param {number} length */
  #resize(length) {
    if (length > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(length, 2 * this.#bytes.length, 4_096));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    // What is cut off and grown over again is empty.
    if (length < this.#length) this.#bytes.fill(0, length, this.#length);
    this.#length = length;
  }
}

/** @typedef {{ readonly at: number, readonly data: Buffer } | { readonly length: number }} Change */

/** @param {string} folder */
function entriesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => ({
    name: entry.name,
    parentPath: entry.parentPath,
    isFolder: entry.isDirectory(),
  }));
}
