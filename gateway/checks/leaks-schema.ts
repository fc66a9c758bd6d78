// The key `leaks` of a configuration: the service that is asked, and what identifies the gateway.

import { z } from 'zod';
import { text, wholeNumber } from '../config-values.ts';

const MAX_EVALUATORS = 8;
const MAX_TIMEOUT_MS = 60_000;

const file = text('must be a path');

const serviceUrl = z.string({ error: 'must be a URL' }).refine(isServiceUrl, {
  error: 'must be http:// or https:// with a host, and without query and user name',
});

/** It may have a path, below which the service lies. */
function isServiceUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, search, hash, username, password } = new URL(value);
  const isBare = search === '' && hash === '' && username === '' && password === '';
  return isBare && (protocol === 'http:' || protocol === 'https:');
}

/** A server that requires a key of its own. */
const server = z.union(
  [
    serviceUrl.transform((url) => ({ url, clientKeyFile: undefined })),
    z.strictObject({ url: serviceUrl, clientKeyFile: file.optional() }),
  ],
  { error: 'must be a URL, or an object with url and clientKeyFile' },
);

const MAX_REFRESH_MS = 86_400_000;

const replica = z.strictObject({
  cache: file,
  /** The server that it is pulled from, if it is another than that of the buckets. */
  from: server.optional(),
  refreshMs: wholeNumber(1_000, MAX_REFRESH_MS).optional(),
});

export const LEAKS_SCHEMA = z.strictObject({
  url: serviceUrl,
  /** The line of the publisher, which is not secret. */
  trust: z
    .string({ error: 'must be the line credveil-trust-2… that `credveil key pin` prints' })
    .startsWith('credveil-trust-2.', { error: 'must be the line credveil-trust-2… that `credveil key pin` prints' })
    .optional(),
  /** Of the suite `hmac`: a file with what `credveil key pin` prints. */
  keyFile: file.optional(),
  /** The key that `credveil client add` printed. */
  clientKeyFile: file.optional(),
  /** Split roles: it serves buckets, and the server at `url` evaluates. */
  bucketsUrl: server.optional(),
  /** A split key: they evaluate, and the server at `url` serves buckets. */
  evaluators: z
    .array(server, { error: 'must be a list of servers' })
    .min(1, { error: 'must have a server' })
    .max(MAX_EVALUATORS, { error: `may have ${MAX_EVALUATORS} servers` })
    .optional(),
  /** Of a whole check. */
  timeoutMs: wholeNumber(1, MAX_TIMEOUT_MS).default(300),
  /** A copy of the service on disk, from which checks are answered. */
  replica: z
    .union([file.transform((cache) => ({ cache, from: undefined, refreshMs: undefined })), replica], {
      error: 'must be a path, or an object with cache, from and refreshMs',
    })
    .optional(),
  /** Holds the filter of leaked passwords in the memory of each worker. */
  passwordFilter: z.boolean({ error: 'must be true or false' }).default(false),
});

export type LeaksConfig = z.output<typeof LEAKS_SCHEMA>;
