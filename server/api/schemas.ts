// What the JSON answers of the service hold, as schemas: the source of /openapi.json. PROTOCOL.md
// §10, §13.

import { z } from 'zod';
import { MONTH, NAME, SNAPSHOT_ID } from '../../protocol/ids.ts';
import { REQUEST_CLASSES, type RequestClass } from '../../protocol/service-status.ts';
import { PROBLEMS, type ProblemCode } from '../../runtime/http/problems.ts';

const hex = (digits: number, about: string) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${digits}}$`))
    .meta({ description: about });
const snapshotId = z
  .string()
  .regex(SNAPSHOT_ID)
  .meta({ description: 'Sequence number and digest of a snapshot', examples: ['000007-9f86d081884c7d65'] });
const suite = z.enum(['hmac', 'oprf']);

const source = z.object({
  number: z.int().min(1).max(65_535),
  name: z.string().regex(NAME),
  date: z.string().regex(MONTH).optional(),
});
const indexStatus = z.object({
  entries: z.int().min(0),
  buckets: z.int().min(0),
  prefixBits: z.int().min(0).max(20),
  anonymitySet: z
    .object({ min: z.int().min(0), mean: z.number().min(0), max: z.int().min(0) })
    .meta({ description: 'Entries that share a prefix' }),
  gaps: z.int().min(1).optional().meta({ description: 'Ranges that a mirror lacks, answered 503' }),
  bodyBytes: z.array(z.int().min(1)).optional(),
  histogram: z
    .array(z.object({ from: z.int().min(0), to: z.int().min(0), buckets: z.int().min(0) }))
    .optional()
    .meta({ description: 'How many buckets have how many entries' }),
});

export const SCHEMAS = {
  Envelope: z
    .object({
      payloadType: z.string(),
      payload: z.base64(),
      signatures: z.array(z.object({ keyid: z.string(), sig: z.base64() })).length(1),
    })
    .meta({ description: 'DSSE 1.0, of a statement or a head: PROTOCOL.md §8, §10.' }),
  Sources: z.array(source).max(65_535),
  Datasets: z
    .array(
      z.object({
        dataset: hex(16, 'Id of the dataset'),
        keyId: hex(16, 'Public name of its key'),
        suite,
        publisher: hex(
          64,
          'Key of its publisher, in signed datasets only. Clients do not take it from here',
        ).optional(),
      }),
    )
    .meta({ description: 'The datasets that are served; the first one also answers without /d/{dataset}.' }),
  Status: z
    .object({
      dataset: hex(16, 'Id of the dataset'),
      suite,
      keyId: hex(16, 'Public name of its key'),
      snapshot: z.object({
        number: z.int().min(1),
        id: snapshotId,
        publishedAt: z.iso.datetime(),
        validUntil: z.iso.datetime().meta({ description: 'Clients refuse the snapshot from then on.' }),
      }),
      similar: z.boolean(),
      sources: z.array(source),
      indexes: z.object({
        account: indexStatus.optional(),
        password: indexStatus.optional(),
        sha1: indexStatus.optional(),
        ntlm: indexStatus.optional(),
      }),
      requests: z
        .object({
          slotSeconds: z.int().min(1),
          until: z.iso.datetime().meta({ description: 'When the last slot ended' }),
          classes: z.object(
            Object.fromEntries(REQUEST_CLASSES.map((name) => [name, z.array(z.int().min(0))])) as {
              [name in RequestClass]: z.ZodArray<z.ZodInt>;
            },
          ),
        })
        .meta({ description: 'Requests a slot of the last hour, the oldest first' }),
    })
    .meta({ description: 'Figures for people: PROTOCOL.md §13.' }),
  Health: z.object({
    status: z.literal('ok'),
    withdrawn: z
      .array(z.string().regex(/^[0-9a-f]{16}$/))
      .optional()
      .meta({ description: 'Datasets that are not answered for: their snapshot is withdrawn' }),
  }),
  Readiness: z.object({
    status: z.literal('ready'),
    snapshot: snapshotId,
    head: z
      .object({ validUntil: z.iso.datetime(), warning: z.enum(['expiring', 'expired']).optional() })
      .meta({ description: 'Until when clients accept the snapshot' }),
    refused: z.object({ code: z.string() }).optional().meta({ description: 'Why a newer snapshot is not served' }),
  }),
  Problem: z
    .object({
      type: z.string().startsWith('urn:credveil:problem:'),
      title: z.string(),
      status: z.int().min(400).max(599),
      detail: z.string(),
      code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
      hint: z.string().meta({ description: 'What to do next' }),
      'violated-policies': z
        .array(z.string())
        .optional()
        .meta({ description: 'With QUOTA_EXCEEDED: the policies whose quota does not allow it' }),
    })
    .meta({ description: 'A problem of RFC 9457. It repeats nothing of the request.' }),
} as const;

export type SchemaName = keyof typeof SCHEMAS;
