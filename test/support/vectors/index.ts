// PROTOCOL.vectors.json: all vectors, made from the code, for clients in any language.

import { buckets } from './buckets.ts';
import { pins, snapshots } from './documents.ts';
import { forms, lengths, malformedUtf8, metadata, normalization, suites, times, usernameRules } from './inputs.ts';
import { oprfVectors } from './oprf.ts';
import { filters, ranges } from './sets.ts';
import { watchTags } from './watch.ts';

export const VECTORS_FILE = 'PROTOCOL.vectors.json';

/** The file's text. */
export function formatVectors(): string {
  const vectors = {
    about: 'Vectors of PROTOCOL.md, which says what they mean. Bytes are in hex. npm run vectors writes this file.',
    protocol: 2,
    normalization: normalization(),
    lengths: lengths(),
    malformedUtf8: malformedUtf8(),
    usernameRules: usernameRules(),
    similarForms: forms(),
    suites: suites(),
    times: times(),
    metadata: metadata(),
    ranges: ranges(),
    buckets: buckets(),
    pins: pins(),
    snapshots: snapshots(),
    oprf: oprfVectors(),
    filters: filters(),
    watchTags: watchTags(),
  };
  return `${JSON.stringify(vectors, null, 1)}\n`;
}
