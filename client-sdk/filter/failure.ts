// Why there is no password filter, in words. Loaded with the filter's code.

import { type FilterReason, failureOf, type LookupError, type Texts } from '../errors.ts';

const TEXTS: Texts<FilterReason> = {
  FILTER_MISSING: ['the service has no password filter', 'Publish with `--filter-one-in` above 0 if one is wanted.'],
  FILTER_TOO_LARGE: [
    'the password filter is longer than allowed',
    'Raise passwordFilter.maxBytes if the process has the memory.',
  ],
  FILTER_MALFORMED: [
    'the password filter is truncated, altered or not a filter',
    'Copy the whole file; look for a proxy that alters response bodies.',
  ],
  FILTER_FORGED: [
    'the password filter is not the one that the publisher made',
    'Treat it as an attack until explained.',
  ],
  FILTER_OTHER: [
    'the password filter belongs to another snapshot than the current one',
    'Export that of the current snapshot; a newer one is used once the service serves its snapshot.',
  ],
  FILTER_UNREADABLE: ['the source of the password filter failed', 'See the cause.'],
};

export function filterFailure(reason: FilterReason, options?: Parameters<typeof failureOf>[2]): LookupError {
  return failureOf(TEXTS, reason, options);
}
