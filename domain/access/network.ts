/**
 * Addresses of the internet, and networks of them: what an allow list is made of.
 *
 * An IPv4 address that comes as IPv6 (`::ffff:192.0.2.1`, as sockets that serve both name it) is the IPv4 address.
 */

export interface Address {
  /** 32 of IPv4, 128 of IPv6. */
  bits: 32 | 128;
  value: bigint;
}

/** All addresses that begin with the same `prefix` bits as `base`, whose others are 0. */
export interface Network {
  bits: 32 | 128;
  base: bigint;
  prefix: number;
}

/** Reads an address; null where it is none. A zone (`fe80::1%eth0`) is left out. */
export function parseAddress(text: string): Address | null {
  const four = parseV4(text);
  if (four !== null) return { bits: 32, value: four };
  const six = parseV6(text.replace(/%[\w.-]+$/, ""));
  if (six === null) return null;
  return six >> 32n === 0xffffn ? { bits: 32, value: six & 0xffffffffn } : { bits: 128, value: six };
}

/** Reads an address or a network in CIDR notation; text says what is wrong with it. An address is the network of itself. */
export function parseNetwork(text: string): Network | string {
  const [address = "", length, ...rest] = text.trim().split("/");
  const read = parseAddress(address);
  if (!read || rest.length > 0 || address.includes("%"))
    return "value is not a valid IPv4 or IPv6 network, such as 192.0.2.0/24 or 2001:db8::/32";
  // A prefix counts the bits of the form in which the address stands.
  const mapped = read.bits === 32 && address.includes(":") ? 96 : 0;
  const prefix = length === undefined ? read.bits : /^\d{1,3}$/.test(length) ? Number(length) - mapped : -1;
  if (prefix < 0 || prefix > read.bits) return `the length of a prefix of this address is 0 to ${read.bits}`;
  const network = { bits: read.bits, base: (read.value >> hostBits(read, prefix)) << hostBits(read, prefix), prefix };
  return network.base === read.value
    ? network
    : `the address has bits beyond its prefix: the network is ${formatNetwork(network)}`;
}

const hostBits = ({ bits }: { bits: number }, prefix: number): bigint => BigInt(bits - prefix);

/** Whether the address is in the network. */
export const contains = ({ bits, base, prefix }: Network, address: Address): boolean =>
  bits === address.bits && (address.value ^ base) >> BigInt(bits - prefix) === 0n;

/** The network as it is written: `192.0.2.0/24`, `2001:db8::/32`. */
export const formatNetwork = ({ bits, base, prefix }: Network): string =>
  `${bits === 32 ? formatV4(base) : formatV6(base)}/${prefix}`;

function parseV4(text: string): bigint | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return null;
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function parseV6(text: string): bigint | null {
  // The last two groups may stand as IPv4.
  const dotted = /^(.*:)(\d[\d.]*)$/.exec(text);
  const four = dotted?.[2]?.includes(".") ? parseV4(dotted[2]) : undefined;
  if (four === null) return null;
  const hex =
    four === undefined ? text : `${dotted?.[1]}${(four >> 16n).toString(16)}:${(four & 0xffffn).toString(16)}`;
  const halves = hex.split("::");
  if (halves.length > 2) return null;
  const [head = [], tail] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...Array<string>(missing).fill("0"), ...(tail ?? [])];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  return groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

const formatV4 = (value: bigint): string => [24n, 16n, 8n, 0n].map((by) => String((value >> by) & 255n)).join(".");

/** The text of RFC 5952: the longest row of zero groups is left out. */
function formatV6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, at) => (value >> BigInt(112 - 16 * at)) & 0xffffn);
  const rows = groups.map((_, at) => {
    const end = groups.findIndex((group, other) => other >= at && group !== 0n);
    return (end < 0 ? 8 : end) - at;
  });
  const longest = Math.max(...rows);
  const text = (part: bigint[]): string => part.map((group) => group.toString(16)).join(":");
  if (longest < 2) return text(groups);
  const start = rows.indexOf(longest);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + longest))}`;
}
