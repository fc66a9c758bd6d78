// The whole desync corpus of HTTP/1.

import type { DesyncCase } from '../../support/gateway/desync/case.ts';
import { CHUNK_CASES } from './chunk-cases.ts';
import { LENGTH_CASES } from './length-cases.ts';
import { LINE_CASES } from './line-cases.ts';
import { NAME_CASES } from './name-cases.ts';
import { ORDER_CASES } from './order-cases.ts';
import { TARGET_CASES } from './target-cases.ts';

const GROUPS: { readonly [group: string]: readonly DesyncCase[] } = {
  length: LENGTH_CASES,
  chunks: CHUNK_CASES,
  lines: LINE_CASES,
  targets: TARGET_CASES,
  names: NAME_CASES,
  order: ORDER_CASES,
};

export const CASES: readonly (DesyncCase & { readonly group: string })[] = Object.entries(GROUPS).flatMap(
  ([group, cases]) => cases.map((one) => ({ ...one, group })),
);
