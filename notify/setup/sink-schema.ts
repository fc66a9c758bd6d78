// The schema of a sink's file.

import { z } from 'zod';
import { EVENT_TYPES } from '../events.ts';
import { isAllowable } from '../http/addresses.ts';

const path = z.string().min(1).max(4096);
const uri = z
  .string()
  .min(1)
  .max(2048)
  .regex(/^[\x21-\x7e]+$/);

const common = {
  /** Under which the outbox keeps its deliveries. Default: from its kind and place. */
  name: z
    .string()
    .regex(/^[\w.:/@-]{1,64}$/)
    .optional(),
  /** Events that it takes. Default: all. */
  events: z
    .array(z.enum(EVENT_TYPES as [string, ...string[]]))
    .min(1)
    .optional(),
};

const posted = {
  ...common,
  url: z.string().min(1).max(2048),
  /** Hosts, addresses and nets within one's own network. */
  allow: z.array(z.string().refine(isAllowable)).max(100).optional(),
  /** PEM of a CA instead of the platform's. */
  caFile: path.optional(),
};

export const SINK_SCHEMA = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('webhook'), ...posted, secretFile: path }),
  z.strictObject({
    kind: z.literal('risc'),
    ...posted,
    issuer: uri,
    audience: uri,
    keyFile: path,
    authorizationFile: path.optional(),
    subject: z
      .discriminatedUnion('format', [
        z.strictObject({ format: z.literal('opaque') }),
        z.strictObject({ format: z.literal('iss_sub'), iss: uri }),
      ])
      .optional(),
  }),
  z.strictObject({ kind: z.literal('ecs'), ...common, file: path }),
  z.strictObject({ kind: z.literal('ocsf'), ...common, file: path }),
]);

export type SinkFile = z.infer<typeof SINK_SCHEMA>;
export type PostedSink = Extract<SinkFile, { readonly url: string }>;
