import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Disk } from "../../chaos/power-loss/disk.mjs";
import { Replayer } from "../../chaos/power-loss/trace.mjs";

// What needs strace is not here: `npm run power-loss` says so. This is what it makes of a trace.
describe("what a disk holds after a power cut", () => {
  let store: string;
  let disk: Disk;
  let replayer: Replayer;

  beforeEach(() => {
    store = mkdtempSync(join(tmpdir(), "millrace-power-test-"));
    mkdirSync(join(store, "msgs"));
    writeFileSync(join(store, "msgs/1.blk"), "old ");
    disk = Disk.of(store);
    replayer = new Replayer(store, disk);
  });

  afterEach(() => rmSync(store, { recursive: true, force: true }));

  function trace(...calls: readonly string[]): void {
    for (const call of calls) replayer.line(`7 ${call}`);
  }

  function opened(name: string, flags: string, number: number): string {
    return `openat(AT_FDCWD, ${hex(join(store, name))}, ${flags}, 0640) = ${number}`;
  }

  function afterCut(keep?: (writes: number) => number): Readonly<Record<string, string>> {
    disk.restore(store, keep);
    const files = readdirSync(store, { recursive: true, withFileTypes: true });
    return Object.fromEntries(
      files
        .filter((file) => file.isFile())
        .map((file) => [file.name, readFileSync(join(file.parentPath, file.name), "utf8")]),
    );
  }

  test("what was written before the last sync is there, and what came after it is gone", () => {
    trace(
      opened("msgs/1.blk", "O_RDWR|O_CLOEXEC", 9),
      `pwrite64(9, ${hex("one ")}, 4, 4) = 4`,
      "fsync(9)                                = 0",
      `pwrite64(9, ${hex("two ")}, 4, 8) = 4`,
    );
    expect(afterCut()).toEqual({ "1.blk": "old one " });
    expect(disk.lost).toEqual({ writes: 1, bytes: 4 });
  });

  test("a sync covers what was written when it began, not what came while it went on", () => {
    trace(opened("msgs/1.blk", "O_RDWR|O_CLOEXEC", 9), `pwrite64(9, ${hex("one ")}, 4, 4) = 4`);
    replayer.line("7 fsync(9 <unfinished ...>");
    replayer.line(`8 pwrite64(9, ${hex("two ")}, 4, 8) = 4`);
    replayer.line("7 <... fsync resumed>)                   = 0");
    expect(afterCut()).toEqual({ "1.blk": "old one " });
  });

  test("a file that is opened with O_SYNC is on the disk with each write", () => {
    trace(
      opened("msgs/1.blk", "O_WRONLY|O_SYNC|O_CLOEXEC", 9),
      `write(9, ${hex("NEW ")}, 4) = 4`,
      `write(9, ${hex("more")}, 4) = 4`,
    );
    expect(afterCut()).toEqual({ "1.blk": "NEW more" });
  });

  test("a file that takes another one's name without a sync of its bytes is empty, once the name is on the disk", () => {
    trace(
      opened("msgs/1.blk.tmp", "O_WRONLY|O_CREAT|O_TRUNC", 9),
      `write(9, ${hex("new ")}, 4) = 4`,
      "close(9) = 0",
      `renameat(AT_FDCWD, ${hex(join(store, "msgs/1.blk.tmp"))}, AT_FDCWD, ${hex(join(store, "msgs/1.blk"))}) = 0`,
    );
    expect(afterCut()).toEqual({ "1.blk": "old " });
    trace(opened("other", "O_WRONLY|O_CREAT", 9), "fsync(9) = 0");
    expect(afterCut()).toEqual({ "1.blk": "", other: "" });
  });

  test("a number that is given to another file names that one", () => {
    trace(opened("msgs/1.blk", "O_RDWR", 9));
    replayer.line("7 close(9 <unfinished ...>");
    replayer.line(`8 ${opened("msgs/2.blk", "O_RDWR|O_CREAT", 9)}`);
    replayer.line("7 <... close resumed>)                   = 0");
    trace(`pwrite64(9, ${hex("two")}, 3, 0) = 3`, "fdatasync(9) = 0");
    expect(afterCut()).toEqual({ "1.blk": "old ", "2.blk": "two" });
  });

  test("of what was not synced, as much is there as the disk happened to write", () => {
    trace(
      opened("msgs/1.blk", "O_RDWR", 9),
      `pwrite64(9, ${hex("one ")}, 4, 4) = 4`,
      `pwrite64(9, ${hex("two ")}, 4, 8) = 4`,
      "ftruncate(9, 2) = 0",
    );
    expect(afterCut((writes) => writes - 1)).toEqual({ "1.blk": "old one two " });
  });

  test("sockets and files elsewhere are none of it", () => {
    trace(
      'openat(AT_FDCWD, "\\x2f\\x65", O_WRONLY|O_CREAT, 0640) = 9',
      `write(9, ${hex("x")}, 1) = 1`,
      `writev(5, [{iov_base=${hex("x")}, iov_len=1}], 1) = 1`,
      'unlinkat(AT_FDCWD, "\\x2f\\x65", 0) = -1 ENOENT (No such file or directory)',
    );
    expect(afterCut()).toEqual({ "1.blk": "old " });
  });
});

/** As strace -xx writes it. */
function hex(text: string): string {
  return `"${[...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}"`;
}
