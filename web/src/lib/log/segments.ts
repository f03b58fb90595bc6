/** A log message cut into plain text and web addresses, so that addresses can be links without any HTML being made of text. */
export interface Segment {
  text: string;
  /** Only http and https. */
  href: string | null;
}

const ADDRESS = /https?:\/\/[^\s<>"'`|\\^{}]+/g;
/** Punctuation that ends a sentence, not an address. */
const TAIL = /[.,;:!?]+$/;

export function segmentsOf(message: string): Segment[] {
  const segments: Segment[] = [];
  let end = 0;
  const plain = (to: number): void => {
    if (to > end) segments.push({ text: message.slice(end, to), href: null });
  };
  for (const match of message.matchAll(ADDRESS)) {
    const address = closed(match[0].replace(TAIL, ""));
    if (!isAddress(address)) continue;
    plain(match.index);
    segments.push({ text: address, href: address });
    end = match.index + address.length;
  }
  plain(message.length);
  return segments;
}

/** A bracket that closes what the address did not open belongs to the sentence. */
function closed(address: string): string {
  for (const [open, close] of [
    ["(", ")"],
    ["[", "]"],
  ] as const) {
    if (address.endsWith(close) && address.split(close).length > address.split(open).length)
      return closed(address.slice(0, -1).replace(TAIL, ""));
  }
  return address;
}

function isAddress(text: string): boolean {
  try {
    return new URL(text).hostname !== "";
  } catch {
    return false;
  }
}
