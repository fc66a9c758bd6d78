// The key `record`: how much of what was decided is kept, and for how long.

import { z } from 'zod';
import { wholeNumber } from '../config-values.ts';

const MIB = 2 ** 20;

export const RECORD_SCHEMA = z
  .union(
    [
      z.literal('off'),
      z.strictObject({
        hours: wholeNumber(1, 8_760).default(48),
        maxBytes: wholeNumber(MIB, 2 ** 40).default(64 * MIB),
        /** Over all workers; a login or block beyond it is counted and not kept. */
        maxPerSecond: wholeNumber(1, 100_000).default(100),
      }),
    ],
    { error: 'must be off, or an object with hours, maxBytes and maxPerSecond' },
  )
  .prefault({});

export type RecordConfig = z.infer<typeof RECORD_SCHEMA>;
