/**
 * Keeps what must not lie readable in a database: values are encrypted with a key of their workspace, and that key with one of the
 * service's own.
 *
 * VA1  A value opens only as the record that it was sealed for, in its own workspace: both are bound into it.
 * VA2  A workspace's key is made once, whoever asks first, and lies in the shard only wrapped.
 * VA3  The newest of the service's keys wraps, all of them unwrap: adding one ends nothing.
 */
import { shardOf } from "../../durable-objects/env.ts";
import { Remembered } from "../../durable-objects/kit/remembered.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";

/** What a value belongs to, such as `block_document/<id>`. */
export type RecordName = `${string}/${string}`;

const ALGORITHM = "AES-GCM";
/** Bytes of a nonce, as AES-GCM wants it. */
const NONCE = 12;
/** The form of sealed text; the first of its parts. */
const FORM = "1";
/** Milliseconds for which an opened key stays in memory. */
const REMEMBERED = 300_000;

const opened = new Remembered<CryptoKey>(REMEMBERED);

/** Text that only `open` for the same record makes readable. */
export async function seal(env: Env, tenant: Tenant, record: RecordName, text: string): Promise<string> {
  return encrypt(await workspaceKey(env, tenant), new TextEncoder().encode(text), bound(tenant, record));
}

/** What was sealed for this record. Throws where it was not, or was changed since. */
export async function open(env: Env, tenant: Tenant, record: RecordName, sealed: string): Promise<string> {
  return new TextDecoder().decode(await decrypt(await workspaceKey(env, tenant), sealed, bound(tenant, record)));
}

const bound = ({ workspace }: Tenant, record: string): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(`${workspace}/${record}`) as Uint8Array<ArrayBuffer>;

async function workspaceKey(env: Env, tenant: Tenant): Promise<CryptoKey> {
  const key = await opened.get(tenant.workspace, () => readKey(env, tenant));
  return key ?? makeKey(env, tenant);
}

interface KeyRow {
  wrapped_by: string;
  wrapped: string;
}

async function readKey(env: Env, tenant: Tenant): Promise<CryptoKey | null> {
  const row = await shardOf(env, tenant.shard)
    .prepare("SELECT wrapped_by, wrapped FROM data_keys WHERE workspace_id = ?1")
    .bind(tenant.workspace)
    .first<KeyRow>();
  if (!row) return null;
  const key = wrappingKeys(env).find(({ kid }) => kid === row.wrapped_by);
  if (!key) throw new Error(`The key ${row.wrapped_by} that wraps a workspace's key is not among SECRETS_KEYS.`);
  return imported(await decrypt(await imported(fromBase64(key.k)), row.wrapped, bound(tenant, "data_key")));
}

/** Makes the workspace's key; whoever made one at the same time may have been first, and that one counts. */
async function makeKey(env: Env, tenant: Tenant): Promise<CryptoKey> {
  const [newest] = wrappingKeys(env);
  const fresh = crypto.getRandomValues(new Uint8Array(32));
  const wrapped = await encrypt(await imported(fromBase64(newest.k)), fresh, bound(tenant, "data_key"));
  await shardOf(env, tenant.shard)
    .prepare(
      "INSERT INTO data_keys (workspace_id, wrapped_by, wrapped, created) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
    )
    .bind(tenant.workspace, newest.kid, wrapped, Date.now() * 1000)
    .run();
  const key = await opened.get(tenant.workspace, () => readKey(env, tenant));
  if (!key) throw new Error("A workspace's key was made, and is not there.");
  return key;
}

interface WrappingKey {
  kid: string;
  /** 32 bytes in base64url. */
  k: string;
}

const wrappingKeys = (env: Env): [WrappingKey, ...WrappingKey[]] =>
  JSON.parse(env.SECRETS_KEYS) as [WrappingKey, ...WrappingKey[]];

const imported = (bytes: Uint8Array<ArrayBuffer>): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", bytes, ALGORITHM, false, ["encrypt", "decrypt"]);

async function encrypt(key: CryptoKey, plain: Uint8Array, additionalData: Uint8Array<ArrayBuffer>): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE));
  const algorithm = { name: ALGORITHM, iv, additionalData };
  const cipher = await crypto.subtle.encrypt(algorithm, key, plain as Uint8Array<ArrayBuffer>);
  return `${FORM}.${toBase64(iv)}.${toBase64(new Uint8Array(cipher))}`;
}

async function decrypt(
  key: CryptoKey,
  sealed: string,
  additionalData: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const [form, iv, cipher] = sealed.split(".");
  if (form !== FORM || iv === undefined || cipher === undefined) throw new Error("This is no sealed text.");
  const algorithm = { name: ALGORITHM, iv: fromBase64(iv), additionalData };
  return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, fromBase64(cipher)));
}

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
const fromBase64 = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, "base64url"));
