import * as fc from "fast-check";
import { expect, test } from "vitest";
import { AddressGuard } from "../../../src/automation/webhooks/address-guard.ts";
import {
  deliveryTarget,
  TargetRefusedError,
} from "../../../src/automation/webhooks/delivery-target.ts";
import { InvalidOptionError } from "../../../src/engine/usage-errors.ts";

const guard = new AddressGuard();

/** Networks that nobody outside may reach, and how long their prefix is. */
const CLOSED_4 = [
  [[0, 0, 0, 0], 8],
  [[10, 0, 0, 0], 8],
  [[100, 64, 0, 0], 10],
  [[127, 0, 0, 0], 8],
  [[169, 254, 0, 0], 16],
  [[172, 16, 0, 0], 12],
  [[192, 0, 0, 0], 24],
  [[192, 0, 2, 0], 24],
  [[192, 168, 0, 0], 16],
  [[198, 18, 0, 0], 15],
  [[198, 51, 100, 0], 24],
  [[203, 0, 113, 0], 24],
  [[224, 0, 0, 0], 4],
  [[240, 0, 0, 0], 4],
] as const;

const closed4 = fc
  .tuple(fc.constantFrom(...CLOSED_4), fc.integer({ min: 0, max: 0xffff_ffff }))
  .map(([[base, prefix], random]) => {
    const network = base.reduce<number>((sum, byte) => sum * 256 + byte, 0);
    const hosts = 2 ** (32 - prefix);
    return network + (random % hosts);
  });

/** What a URL may call this address: decimal, octal and hexadecimal, whole or in parts. */
function spellings4(value: number): readonly string[] {
  const bytes = bytesOf(value);
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  return [
    bytes.join("."),
    `${bytes.join(".")}.`,
    String(value),
    hex(value),
    `0${value.toString(8)}`,
    bytes.map(octal).join("."),
    bytes.map(hex).join("."),
    `${hex(a)}.${octal(b)}.${c * 256 + d}`,
    `${a}.${b * 65_536 + c * 256 + d}`,
    `%${a.toString(10).charCodeAt(0).toString(16)}${a.toString(10).slice(1)}.${b}.${c}.${d}`,
    bytes.map((byte) => String(byte).replaceAll(/\d/g, fullWidth)).join("。"),
  ];
}

/** How IPv4 hides in IPv6: mapped, compatible, NAT64, 6to4, Teredo. */
function spellings6(value: number): readonly string[] {
  const dotted = bytesOf(value).join(".");
  const high = Math.floor(value / 65_536).toString(16);
  const low = (value % 65_536).toString(16);
  return [
    `[::ffff:${dotted}]`,
    `[::FFFF:${high}:${low}]`,
    `[0:0:0:0:0:ffff:${high}:${low}]`,
    `[::${dotted}]`,
    `[::ffff:0:${high}:${low}]`,
    `[64:ff9b::${dotted}]`,
    `[64:ff9b:1::${high}:${low}]`,
    `[2002:${high}:${low}::1]`,
    `[2001:0:${high}:${low}::]`,
  ];
}

test("an address of a closed network is refused, however a URL spells it", async () => {
  await fc.assert(
    fc.asyncProperty(closed4, async (value) => {
      for (const host of [...spellings4(value), ...spellings6(value)]) {
        for (const url of [`http://${host}/hook`, `https://${host}:8443/hook`]) {
          expect([url, await isRefused(url)]).toEqual([url, true]);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("an address of a closed IPv6 network is refused, and so is all that is not of the internet at large", async () => {
  const word = fc.integer({ min: 0, max: 0xffff });
  const rest = fc.array(word, { minLength: 7, maxLength: 7 });
  const first = fc.integer({ min: 0, max: 0xffff }).filter((one) => one >> 13 !== 1);
  const outside = fc.tuple(first, rest).map(([one, others]) => [one, ...others]);
  const special = fc
    .tuple(
      fc.constantFrom([0x2001, 0x0db8], [0x2001, 0x0000], [0x2001, 0x01ff], [0x2002], [0x3fff, 0]),
      rest,
    )
    .map(([base, others]) => [...base, ...others].slice(0, 8));
  await fc.assert(
    fc.asyncProperty(fc.oneof(outside, special), async (words) => {
      const text = words.map((one) => one.toString(16)).join(":");
      // ::ffff:0:0/96 is IPv4, which may be for everybody.
      if (text.startsWith("0:0:0:0:0:ffff:")) return;
      const url = `http://[${text}]/`;
      expect([url, await isRefused(url)]).toEqual([url, true]);
      expect(guard.permits(text)).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test.each([
  "http://localhost/",
  "http://169.254.169.254/latest/meta-data",
  "http://[fd00:ec2::254]/latest",
  "http://[::1]/",
  "http://[::]/",
  "http://0/",
  "http://255.255.255.255/",
  "http://metadata.google.internal/computeMetadata/v1",
  "http://METADATA.google.internal./",
  "http://ann:secret@93.184.215.14/",
  "http://ann@93.184.215.14/",
  "ftp://93.184.215.14/",
  "file:///etc/passwd",
  "gopher://93.184.215.14/",
  "http:93.184.215.14:99999/",
  "not a url",
])("%s is refused", async (url) => {
  expect(await isRefused(url, () => Promise.resolve(["127.0.0.1"]))).toBe(true);
});

test.each([
  "https://93.184.215.14/hook",
  "http://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:8080/",
  "http://[::ffff:93.184.215.14]/",
  "http://1.1.1.1/",
])("%s is for everybody", async (url) => {
  const target = await deliveryTarget(url, guard, neverAsked);
  expect(guard.permits(target.address)).toBe(true);
});

test("a name is asked for once, and refused when any of its addresses is closed", async () => {
  let asked = 0;
  const target = await deliveryTarget("https://example.test/a?b=c", guard, (name) => {
    asked++;
    expect(name).toBe("example.test");
    return Promise.resolve(["93.184.215.14", "93.184.215.15"]);
  });
  expect(target).toMatchObject({ address: "93.184.215.14", family: 4 });
  expect(asked).toBe(1);
  for (const addresses of [["93.184.215.14", "10.0.0.1"], ["::ffff:10.0.0.1"], ["fe80::1%eth0"]]) {
    const resolve = (): Promise<readonly string[]> => Promise.resolve(addresses);
    expect(await isRefused("https://example.test/", resolve)).toBe(true);
  }
});

test("what the configuration allows may be reached, and nothing beside it", () => {
  const some = new AddressGuard(["127.0.0.1", "10.1.0.0/16", "fd12::/16"]);
  for (const open of ["127.0.0.1", "::ffff:127.0.0.1", "10.1.255.255", "fd12::1", "8.8.8.8"]) {
    expect([open, some.permits(open)]).toEqual([open, true]);
  }
  for (const closed of ["127.0.0.2", "10.2.0.0", "fd13::1", "::1", "fd12::1%lo", "example.test"]) {
    expect([closed, some.permits(closed)]).toEqual([closed, false]);
  }
});

test.each([
  "localhost",
  "10.0.0.0/33",
  "::/129",
  "10.0.0.0/",
  "10.0.0.0/8/8",
  "",
  "10.0.0/8",
  "1/x",
])("the configuration cannot allow %j", (entry) => {
  expect(() => new AddressGuard([entry])).toThrow(InvalidOptionError);
});

/** Whether a delivery to this URL is refused, and not only failed. */
async function isRefused(url: string, resolve = neverAsked): Promise<boolean> {
  const asked = deliveryTarget(url, guard, url.includes("localhost") ? loopback : resolve);
  return asked.then(
    () => false,
    (error: unknown) => error instanceof TargetRefusedError,
  );
}

const neverAsked = (name: string): Promise<readonly string[]> => {
  throw new Error(`${name} was asked for`);
};

const loopback = (): Promise<readonly string[]> => Promise.resolve(["127.0.0.1", "::1"]);

function bytesOf(value: number): readonly number[] {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256);
}

function fullWidth(digit: string): string {
  return String.fromCodePoint(0xff10 + Number(digit));
}

function octal(byte: number): string {
  return `0${byte.toString(8)}`;
}

function hex(byte: number): string {
  return `0x${byte.toString(16)}`;
}
