// Argon2 (RFC 9106), encoded as its reference implementation does: `$argon2id$v=19$m=…,t=…,p=…$…`.

import * as nodeCrypto from 'node:crypto';
import { argon2d, argon2i, argon2id } from '@noble/hashes/argon2.js';
import { decodeBase64, equalBytes, parseCost } from './encodings.ts';
import { KEY_BYTES, type ParsedHash } from './stored-hash.ts';

export type Argon2Type = 'argon2d' | 'argon2i' | 'argon2id';

export interface Argon2Parameters {
  readonly type: Argon2Type;
  readonly version: number;
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
  readonly salt: Buffer;
  readonly data?: Buffer | undefined;
}

const VERSIONS = [0x10, 0x13];
/** Seconds for each KiB of each pass, of the platform and of the library. */
const KIB_SECONDS = 8e-7;
const NOBLE_KIB_SECONDS = 1e-5;
/** RFC 9106 §3.1, and a field of the PHC string format. */
const MIN_SALT_BYTES = 8;
const MAX_UINT32 = 2 ** 32 - 1;
const MAX_LANES = 2 ** 24 - 1;

const NOBLE = { argon2d, argon2i, argon2id } as const;

/** Node 22 has no Argon2, and OpenSSL's has no version 1.0. */
const isOfPlatform = (version: number): boolean => version === 0x13 && typeof nodeCrypto.argon2Sync === 'function';

function derive(parameters: Argon2Parameters, password: Uint8Array, keyBytes: number): Uint8Array {
  const { type, version, memoryKib, passes, lanes, salt, data } = parameters;
  if (isOfPlatform(version))
    return nodeCrypto.argon2Sync(type, {
      message: password,
      nonce: salt,
      parallelism: lanes,
      tagLength: keyBytes,
      memory: memoryKib,
      passes,
      ...(data && { associatedData: data }),
    });
  return NOBLE[type](password, salt, {
    t: passes,
    m: memoryKib,
    p: lanes,
    version,
    dkLen: keyBytes,
    maxmem: MAX_UINT32,
    ...(data && { personalization: data }),
  });
}

const USUAL_KEY_BYTES = 32;

/** Nothing in the hash states its length: a dry run shows what a column that is too short left. */
const describeLength = (bytes: number): string => (bytes === USUAL_KEY_BYTES ? '' : `, ${bytes} bytes`);

export function argon2Hash(parameters: Argon2Parameters, key: Buffer): ParsedHash {
  const { type, version, memoryKib, passes, lanes, salt } = parameters;
  if (!KEY_BYTES.includes(key.length) || salt.length < MIN_SALT_BYTES) return 'malformed-hash';
  if (memoryKib > MAX_UINT32 || passes > MAX_UINT32 || lanes > MAX_LANES || memoryKib < 8 * lanes)
    return 'malformed-hash';
  if (!VERSIONS.includes(version)) return 'unsupported-hash';
  return {
    kind: `${type}${version === 0x13 ? '' : ' 1.0'} m=${memoryKib} t=${passes} p=${lanes}${describeLength(key.length)}`,
    seconds: memoryKib * passes * (isOfPlatform(version) ? KIB_SECONDS : NOBLE_KIB_SECONDS),
    memoryBytes: memoryKib * 1024,
    verify: (password) => equalBytes(derive(parameters, password, key.length), key),
  };
}

const ENCODED =
  /^\$(argon2(?:id|i|d))\$(?:v=(\d+)\$)?m=(\d+),t=(\d+),p=(\d+)(,keyid=[^,$]*)?(?:,data=([^,$]*))?\$([\w+/-]*={0,2})\$([\w+/-]*={0,2})$/;

export function parseArgon2(text: string): ParsedHash | undefined {
  if (!text.startsWith('$argon2')) return undefined;
  const found = ENCODED.exec(text);
  if (!found) return 'malformed-hash';
  const [, type, version = '16', m, t, p, keyId, data, salt = '', key = ''] = found;
  // A secret key that is not in the hash.
  if (keyId !== undefined) return 'unsupported-hash';
  const memoryKib = parseCost(m);
  const passes = parseCost(t);
  const lanes = parseCost(p);
  const saltBytes = decodeBase64(salt);
  const keyBytes = decodeBase64(key);
  const dataBytes = data === undefined ? undefined : decodeBase64(data);
  if (memoryKib === undefined || passes === undefined || lanes === undefined || !saltBytes || !keyBytes)
    return 'malformed-hash';
  if (data !== undefined && !dataBytes) return 'malformed-hash';
  const parameters = { type: type as Argon2Type, version: Number(version), memoryKib, passes, lanes, salt: saltBytes };
  return argon2Hash({ ...parameters, data: dataBytes }, keyBytes);
}
