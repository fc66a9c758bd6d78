// The list of sources behind /v1/sources/{sha256}, which a statement names by its digest.
// PROTOCOL.md §10.

import { MONTH, NAME } from '../ids.ts';
import {
  array,
  type DocumentKind,
  integer,
  type Members,
  object,
  optional,
  parseDocument,
  refuseMember,
  required,
  text,
} from './members.ts';
import { parseStrictJson } from './strict-json.ts';

/**
 * A source of leaked entries, as verdicts name it.
 * @example
 * ```ts
 * import type { LeakSource } from '@credveil/client';
 *
 * const label = ({ name, date = 'undated' }: LeakSource): string => `${name} (${date})`;
 * const { source } = await leaks.check({ username, password });
 * const reason = source && label(source);
 * ```
 */
export interface LeakSource {
  /** Number of the source in metadata, from 1. */
  readonly number: number;
  readonly name: string;
  /** Month of the breach, YYYY-MM, if known. */
  readonly date?: string;
}

const SOURCES_KIND: DocumentKind = {
  name: 'list of sources',
  code: 'SOURCES_MALFORMED',
  hint: 'Publish again with this version of credveil.',
};

/** The highest number in metadata, and so the most sources. */
export const MAX_SOURCES = 0xffff;

export const SOURCE_MEMBERS: Members<LeakSource> = {
  number: required(integer(1, MAX_SOURCES)),
  name: required(text(NAME)),
  date: optional(text(MONTH)),
};

const parseList = array(object(SOURCE_MEMBERS), 0, MAX_SOURCES);

/**
 * Parses a list whose digest has been verified. Each number names one source.
 * @throws ProtocolError `SOURCES_MALFORMED`
 */
export function parseSources(bytes: Uint8Array): readonly LeakSource[] {
  return parseDocument(SOURCES_KIND, () => {
    const sources = parseList(parseStrictJson(bytes, 'the list'), 'the list of sources');
    if (new Set(sources.map(({ number }) => number)).size !== sources.length)
      refuseMember('a number names two sources');
    return sources;
  });
}
