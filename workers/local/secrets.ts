/**
 * The server's own secrets: made once, kept in the state folder for its owner alone, given to the Worker as bindings.
 * Losing the file ends every API key and every token, and closes for ever what workspaces keep sealed, such as secret blocks.
 */
import { generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import { readIfThere, writePrivately } from "./private-file.ts";
import { StartProblem } from "./problem.ts";

export interface Secrets {
  /** Keys the checksum and the hash of API keys. */
  keyPepper: string;
  /** Private Ed25519 keys as JWKs, newest first: the first signs, all verify. */
  signingKeys: SigningKey[];
  /** Keys that wrap the workspaces' own, newest first: the first wraps, all unwrap. */
  secretsKeys: SecretsKey[];
}

export interface SecretsKey {
  kid: string;
  /** 256 bits in base64url. */
  k: string;
}

export interface SigningKey {
  kty: "OKP";
  crv: "Ed25519";
  x: string;
  d: string;
  kid: string;
  alg: "EdDSA";
  use: "sig";
}

interface SecretsFile {
  key_pepper: string;
  signing_keys: SigningKey[];
  /** Absent in files of older versions, which kept nothing sealed. */
  secrets_keys?: SecretsKey[];
}

/** The secrets of `file`, made there on the first start. */
export function loadSecrets(file: string): Secrets {
  const text = readIfThere(file);
  const known = text === null ? null : parse(file, text);
  if (known && known.secretsKeys.length > 0) return known;
  const made = { ...makeSecrets(), ...known, secretsKeys: [makeSecretsKey()] };
  const kept: SecretsFile = {
    key_pepper: made.keyPepper,
    signing_keys: made.signingKeys,
    secrets_keys: made.secretsKeys,
  };
  writePrivately(file, `${JSON.stringify(kept, null, 2)}\n`);
  return made;
}

/** New secrets of a server. */
export const makeSecrets = (): Secrets => ({
  keyPepper: randomText(),
  signingKeys: [makeSigningKey()],
  secretsKeys: [makeSecretsKey()],
});

const makeSecretsKey = (): SecretsKey => ({ kid: randomUUID(), k: randomText() });

/** 256 bits as 43 characters. */
export const randomText = (): string => randomBytes(32).toString("base64url");

function makeSigningKey(): SigningKey {
  const { x, d } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  if (x === undefined || d === undefined) throw new TypeError("An Ed25519 key has no x or no d.");
  return { kty: "OKP", crv: "Ed25519", x, d, kid: randomUUID(), alg: "EdDSA", use: "sig" };
}

function parse(file: string, text: string): Secrets {
  try {
    const { key_pepper, signing_keys, secrets_keys = [] } = JSON.parse(text) as SecretsFile;
    if (
      typeof key_pepper === "string" &&
      key_pepper.length >= 32 &&
      signing_keys.some(({ d }) => typeof d === "string")
    )
      return { keyPepper: key_pepper, signingKeys: signing_keys, secretsKeys: secrets_keys };
  } catch {
    // said below, the same for every kind of damage
  }
  throw new StartProblem(`${file} is damaged: restore it from a copy. Without it no API key of this state is valid.`);
}
