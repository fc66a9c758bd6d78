// The key `geo`: files that say where addresses are.

import { z } from 'zod';
import { text } from '../config-values.ts';

export const GEO_SCHEMA = z
  .strictObject({
    /** In the format of MaxMind. */
    countryFile: text('must be a path').optional(),
    asnFile: text('must be a path').optional(),
  })
  .refine(({ countryFile, asnFile }) => countryFile !== undefined || asnFile !== undefined, {
    error: 'must have countryFile or asnFile',
  });

export type GeoConfig = z.infer<typeof GEO_SCHEMA>;
