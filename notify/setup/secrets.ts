// The secrets of sinks, from their files: never from an argument or an environment.

import { createPrivateKey, type JsonWebKey } from 'node:crypto';
import { NotifyError } from '../errors.ts';
import { describeSigningKey, type SigningJwk } from '../sinks/risc.ts';
import { type FileAccess, readSecretFile } from './private-file.ts';

const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;
const MAX_SECRETS = 8;
const MIN_RSA_BITS = 2048;

/**
 * Lines of `whsec_` and base64, by Standard Webhooks.
 * @throws NotifyError `SINK_UNREADABLE`, `SECRET_EXPOSED`, `SECRET_MALFORMED`
 */
export function readWebhookSecrets(file: string, access: FileAccess): Uint8Array[] {
  const lines = readSecretFile(file, access).trim().split(/\r?\n/);
  const secrets = lines.map((line) => {
    const [, text = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(line.trim()) ?? [];
    return Buffer.from(text, 'base64');
  });
  const isSound = ({ length }: Uint8Array): boolean => length >= MIN_SECRET_BYTES && length <= MAX_SECRET_BYTES;
  if (secrets.length <= MAX_SECRETS && secrets.every(isSound)) return secrets;
  throw new NotifyError(
    'SECRET_MALFORMED',
    `${file}: not lines of whsec_ and ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes in base64, ${MAX_SECRETS} at most`,
    `Write one: (umask 077; echo "whsec_$(openssl rand -base64 32)" > ${file})`,
  );
}

/**
 * A private key as PEM (PKCS#8) or JWK: P-256, P-384, Ed25519, or RSA.
 * @throws NotifyError `SINK_UNREADABLE`, `SECRET_EXPOSED`, `SECRET_MALFORMED`
 */
export async function readSigningKey(file: string, access: FileAccess): Promise<SigningJwk> {
  const text = readSecretFile(file, access).trim();
  try {
    const jwk = text.startsWith('{') ? (JSON.parse(text) as JsonWebKey) : undefined;
    const key = createPrivateKey(jwk ? { key: jwk, format: 'jwk' } : text);
    const bits = key.asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS;
    const described = await describeSigningKey(key, typeof jwk?.kid === 'string' ? jwk.kid : undefined);
    if (described && bits >= MIN_RSA_BITS) return described;
  } catch {
    // The cause may quote the key.
  }
  throw new NotifyError(
    'SECRET_MALFORMED',
    `${file}: not a private key for signatures (P-256, P-384, Ed25519 or RSA from 2048 bits, as PEM or JWK)`,
    `Write one: (umask 077; openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ${file})`,
  );
}

/**
 * The value of a header, such as `Bearer …`.
 * @throws NotifyError `SINK_UNREADABLE`, `SECRET_EXPOSED`, `SECRET_MALFORMED`
 */
export function readAuthorization(file: string, access: FileAccess): string {
  const text = readSecretFile(file, access).trim();
  if (/^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(text)) return text;
  throw new NotifyError(
    'SECRET_MALFORMED',
    `${file}: not one line for the header Authorization`,
    'Write the whole value, such as: Bearer and the token.',
  );
}
