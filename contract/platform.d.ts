/**
 * The few globals that the contract may use, spelled out: what browsers, Workers and Node have in common.
 * The compiler sees this file only when it checks the contract itself; elsewhere the host's own types hold.
 */
declare class URLSearchParams {
  constructor(init?: string | Record<string, string> | [string, string][]);
  append(name: string, value: string): void;
  set(name: string, value: string): void;
  toString(): string;
  readonly size: number;
}

declare class URL {
  constructor(url: string, base?: string | URL);
  href: string;
  pathname: string;
  search: string;
  protocol: string;
  readonly origin: string;
  readonly searchParams: URLSearchParams;
  toString(): string;
}

declare class Headers {
  constructor(init?: Record<string, string> | Headers);
  get(name: string): string | null;
  has(name: string): boolean;
  set(name: string, value: string): void;
}

declare class AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  static timeout(milliseconds: number): AbortSignal;
  static any(signals: AbortSignal[]): AbortSignal;
}

interface RequestInit {
  method?: string;
  headers?: Record<string, string> | Headers;
  body?: string | Uint8Array | ArrayBuffer | null;
  signal?: AbortSignal | null;
  credentials?: "omit" | "same-origin" | "include";
}

declare class Response {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: Headers;
  text(): Promise<string>;
  json(): Promise<unknown>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

declare function fetch(input: string | URL, init?: RequestInit): Promise<Response>;

declare function setTimeout(callback: () => void, milliseconds: number): unknown;
declare function clearTimeout(timer: unknown): void;
