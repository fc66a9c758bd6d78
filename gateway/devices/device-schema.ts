// The key `devices`: what is known of managed devices.

import { z } from 'zod';
import { text } from '../config-values.ts';
import { LIST_NAME } from '../lists/list-names.ts';

export const HASH = 'must be the SHA-256 of a public key, as 64 hexadecimal digits';
export const KEY_HASH = z
  .string({ error: HASH })
  .toLowerCase()
  .regex(/^[0-9a-f]{64}$/, { error: HASH });

export const LIST = 'must be a list, such as $laptops';
export const LIST_REFERENCE = z
  .string({ error: LIST })
  .refine((value) => value.startsWith('$') && LIST_NAME.test(value.slice(1)), { error: LIST });

export const DEVICES_SCHEMA = z.strictObject({
  /** CAs that say what a device is called. Default: that of the certificate, if alone. */
  issuers: z
    .array(KEY_HASH, { error: 'must be a list of hashes' })
    .min(1, { error: 'must have a hash' })
    .max(64, { error: 'may have 64 hashes' })
    .optional(),
  /** Proxies of trustedProxies tell in Client-Cert whose certificate they saw. */
  clientCert: z.literal('header', { error: 'must be header' }).optional(),
  /** PEM: the CAs of these certificates. */
  caFile: text('must be a path').optional(),
  /** Lists of revoked certificates, signed by their CAs. */
  crlFiles: z
    .array(text('must be a path'), { error: 'must be a list of files' })
    .max(64, { error: 'may have 64 files' })
    .default([]),
});

export type DevicesConfig = z.infer<typeof DEVICES_SCHEMA>;
