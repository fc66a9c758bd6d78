// Keycloak: the two JSON texts of a credential, secret_data and credential_data, one after the
// other.

import { type Argon2Type, argon2Hash } from './argon2.ts';
import { decodeBase64 } from './encodings.ts';
import { pbkdf2Hash } from './pbkdf2.ts';
import type { ParsedHash } from './stored-hash.ts';

const BETWEEN = /\}\s*\{/g;
const ARGON2_VERSIONS: { readonly [name: string]: number } = { '1.0': 0x10, '1.3': 0x13 };
const PBKDF2: { readonly [algorithm: string]: string } = {
  pbkdf2: 'sha1',
  'pbkdf2-sha256': 'sha256',
  'pbkdf2-sha512': 'sha512',
};

type Json = { readonly [name: string]: unknown };

function parseObject(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

/** Where one object ends and the next begins is known only by parsing them. */
function splitObjects(text: string): readonly [Json, Json] | undefined {
  for (const { index } of text.matchAll(BETWEEN)) {
    const [first, second] = [parseObject(text.slice(0, index + 1)), parseObject(text.slice(index + 1))];
    if (first && second) return [first, second];
  }
  return undefined;
}

const isPositive = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;

export function parseKeycloak(text: string): ParsedHash | undefined {
  if (!text.startsWith('{"')) return undefined;
  const objects = splitObjects(text);
  const secret = objects?.find((object) => 'value' in object);
  const settings = objects?.find((object) => 'algorithm' in object);
  if (!secret || !settings) return 'malformed-hash';
  const { value, salt } = secret;
  const { algorithm, hashIterations } = settings;
  if (typeof value !== 'string' || typeof salt !== 'string' || typeof algorithm !== 'string') return 'malformed-hash';
  const key = decodeBase64(value);
  const saltBytes = decodeBase64(salt);
  if (!key || !saltBytes || !isPositive(hashIterations)) return 'malformed-hash';
  if (algorithm === 'argon2') return parseArgon2(settings, hashIterations, saltBytes, key);
  const digest = PBKDF2[algorithm];
  return digest === undefined ? 'unsupported-hash' : pbkdf2Hash(digest, hashIterations, saltBytes, key);
}

/** Its parameters are lists of one text. */
function parseArgon2({ additionalParameters }: Json, passes: number, salt: Buffer, key: Buffer): ParsedHash {
  const parameter = (name: string): string | undefined => {
    const list = (additionalParameters as Json | null | undefined)?.[name];
    return Array.isArray(list) && typeof list[0] === 'string' ? list[0] : undefined;
  };
  const type = `argon2${parameter('type')}`;
  const version = ARGON2_VERSIONS[parameter('version') ?? ''];
  const memoryKib = Number(parameter('memory'));
  const lanes = Number(parameter('parallelism'));
  if (!['argon2d', 'argon2i', 'argon2id'].includes(type) || version === undefined) return 'malformed-hash';
  if (!isPositive(memoryKib) || !isPositive(lanes)) return 'malformed-hash';
  const length = parameter('hashLength');
  if (length !== undefined && Number(length) !== key.length) return 'malformed-hash';
  return argon2Hash({ type: type as Argon2Type, version, memoryKib, passes, lanes, salt }, key);
}
