import { BlockList, isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allowedBy, askerBehind, lets, withoutPort } from "./allow-list.ts";
import { contains, formatNetwork, type Network, parseAddress, parseNetwork } from "./network.ts";

const written = (text: string): string => {
  const network = parseNetwork(text);
  return typeof network === "string" ? `wrong: ${network}` : formatNetwork(network);
};

describe("networks", () => {
  test.each([
    ["[DO71] an address is the network of itself", "192.0.2.1", "192.0.2.1/32"],
    ["[DO71] an address of version 6, too", "2001:DB8:0:0::1", "2001:db8::1/128"],
    ["[DO71] CIDR", "10.0.0.0/8", "10.0.0.0/8"],
    ["[DO71] everybody", "0.0.0.0/0", "0.0.0.0/0"],
    ["[DO71] everybody of version 6", "::/0", "::/0"],
    ["[DO71] the longest row of zeros is left out", "1:0:0:2:0:0:0:3", "1:0:0:2::3/128"],
    ["[DO71] one zero is written", "1:2:3:4:5:6:0:8", "1:2:3:4:5:6:0:8/128"],
    ["[DO71] version 4 in version 6", "::ffff:192.0.2.1", "192.0.2.1/32"],
    ["[DO71] a network of them", "::ffff:192.0.2.0/120", "192.0.2.0/24"],
    ["[DO71] blanks around it", " 10.0.0.1 ", "10.0.0.1/32"],
  ])("%s", (_case, text, expected) => {
    expect(written(text)).toBe(expected);
  });

  test.each([
    ["", "not a valid"],
    ["10.0.0", "not a valid"],
    ["10.0.0.256", "not a valid"],
    ["010.0.0.1", "not a valid"],
    ["10.0.0.0/33", "0 to 32"],
    ["10.0.0.0/-1", "0 to 32"],
    ["10.0.0.0/8/8", "not a valid"],
    ["10.0.0.0/", "0 to 32"],
    ["10.0.0.0/255.0.0.0", "0 to 32"],
    ["10.0.0.1/8", "the network is 10.0.0.0/8"],
    ["2001:db8::1/32", "the network is 2001:db8::/32"],
    ["::/129", "0 to 128"],
    ["1::2::3", "not a valid"],
    ["1:2:3:4:5:6:7", "not a valid"],
    ["1:2:3:4:5:6:7:8::", "not a valid"],
    ["fe80::1%eth0", "not a valid"],
    [":", "not a valid"],
    ["example.com", "not a valid"],
  ])("[DO71] %j is none, and says why", (text, why) => {
    expect(written(text)).toContain(why);
  });

  const v4 = fc.ipV4();
  const v6 = fc.ipV6();
  test("[DO71] what is in a network is what the system's own list says", () => {
    fc.assert(
      fc.property(fc.oneof(v4, v6), fc.oneof(v4, v6), fc.nat(128), (base, address, length) => {
        const of = parseAddress(base);
        if (!of) throw new Error(base);
        // Mapped addresses are of version 4 here, and of both in the system's list.
        fc.pre(!/^::ffff:/i.test(base) && !/^::ffff:/i.test(address));
        const prefix = Math.min(length, of.bits);
        const rest = BigInt(of.bits - prefix);
        const network: Network = { bits: of.bits, base: (of.value >> rest) << rest, prefix };
        const oracle = new BlockList();
        oracle.addSubnet(base, prefix, of.bits === 32 ? "ipv4" : "ipv6");
        for (const asked of [address, base]) {
          const read = parseAddress(asked);
          if (!read) throw new Error(asked);
          // The system's list has IPv4 addresses in networks of version 6, too.
          const expected = read.bits === of.bits && oracle.check(asked, isIP(asked) === 4 ? "ipv4" : "ipv6");
          expect(contains(network, read)).toBe(expected);
        }
        expect(parseNetwork(formatNetwork(network))).toEqual(network);
      }),
    );
  });

  test("[DO71] an address is taken where the system takes it, and only there", () => {
    const parts = fc.array(fc.constantFrom("0", "1", "ffff", "255", "256", ":", "::", ".", "a", "g", ""), {
      maxLength: 9,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          parts.map((some) => some.join("")),
          v4,
          v6,
        ),
        (text) => {
          expect(parseAddress(text) !== null).toBe(isIP(text) !== 0);
        },
      ),
    );
  });
});

describe("a list", () => {
  const entry = (ip_network: string, enabled = true) => ({ ip_network, enabled, description: null });
  const list = [entry("10.0.0.0/8"), entry("2001:db8::/32"), entry("192.0.2.0/24", false)];

  test.each([
    ["[DO70] in a network", "10.1.2.3", true],
    ["[DO70] in one of version 6", "2001:db8:1::1", true],
    ["[DO70] of version 4, as a socket of version 6 names it", "::ffff:10.1.2.3", true],
    ["[DO70] in none", "11.0.0.1", false],
    ["[DO70] in one that is turned off", "192.0.2.1", false],
    ["[DO70] not known", null, false],
    ["[DO70] no address", "nonsense", false],
  ])("%s", (_case, address, expected) => {
    expect(lets(allowedBy(list, true), address)).toBe(expected);
    expect(lets(allowedBy(list, false), address)).toBe(true);
  });

  test("[DO70] an empty one lets everybody in, one with all turned off nobody", () => {
    expect(lets(allowedBy([], true), "11.0.0.1")).toBe(true);
    expect(lets(allowedBy([entry("0.0.0.0/0", false)], true), "11.0.0.1")).toBe(false);
  });
});

describe("behind proxies", () => {
  const proxies = [parseNetwork("127.0.0.1"), parseNetwork("10.0.0.0/8")] as Network[];
  test.each([
    ["[DO72] nobody stands between", "192.0.2.1", null, "192.0.2.1"],
    ["[DO72] what a stranger claims counts nothing", "192.0.2.1", "10.0.0.1", "192.0.2.1"],
    ["[DO72] one proxy", "127.0.0.1", "192.0.2.1", "192.0.2.1"],
    ["[DO72] two", "127.0.0.1", "192.0.2.1, 10.0.0.2", "192.0.2.1"],
    [
      "[DO72] what was claimed before them counts nothing",
      "127.0.0.1",
      "198.51.100.7, 192.0.2.1, 10.0.0.2",
      "192.0.2.1",
    ],
    ["[DO72] a proxy's own request", "127.0.0.1", null, "127.0.0.1"],
    ["[DO72] junk is nobody's address", "127.0.0.1", "192.0.2.1, unknown", "unknown"],
  ])("%s", (_case, peer, forwarded, expected) => {
    expect(askerBehind(proxies, peer, forwarded)).toBe(expected);
  });

  test.each([
    ["192.0.2.1:4200", "192.0.2.1"],
    ["[2001:db8::1]:4200", "2001:db8::1"],
    ["2001:db8::1", "2001:db8::1"],
    ["192.0.2.1", "192.0.2.1"],
  ])("[DO72] the address of %s", (end, expected) => {
    expect(withoutPort(end)).toBe(expected);
  });
});
