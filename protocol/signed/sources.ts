// The list of sources behind /v1/sources/{sha256}, which a statement names by its digest.
// PROTOCOL.md §10.

import { array, type DocumentKind, object, parseDocument, refuseMember } from './members.ts';
import { SOURCE_MEMBERS, type SourceConfig } from './parts.ts';
import { parseStrictJson } from './strict-json.ts';

const SOURCES_KIND: DocumentKind = {
  name: 'list of sources',
  code: 'SOURCES_MALFORMED',
  hint: 'Publish again with this version of credveil.',
};

const MAX_SOURCES = 0xffff;
const parseList = array(object(SOURCE_MEMBERS), 0, MAX_SOURCES);

/**
 * Parses a list whose digest has been verified. Each number names one source.
 * @throws ProtocolError `SOURCES_MALFORMED`
 */
export function parseSources(bytes: Uint8Array): readonly SourceConfig[] {
  return parseDocument(SOURCES_KIND, () => {
    const sources = parseList(parseStrictJson(bytes, 'the list'), 'the list of sources');
    if (new Set(sources.map(({ number }) => number)).size !== sources.length)
      refuseMember('a number names two sources');
    return sources;
  });
}
