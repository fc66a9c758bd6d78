// The documentation of each route's operations, as /openapi.json and /reference show it. PROTOCOL.md §13.

import { SNAPSHOT_ID } from '../../protocol/ids.ts';
import type { Answer, Operation, Parameter } from './route.ts';

const IF_NONE_MATCH: Parameter = {
  name: 'If-None-Match',
  in: 'header',
  description: 'An ETag of before: answered with 304 where nothing has changed.',
  schema: { type: 'string' },
};
const IF_MODIFIED_SINCE: Parameter = {
  name: 'If-Modified-Since',
  in: 'header',
  description:
    'A Last-Modified of before, where there is no If-None-Match: answered with 304 where nothing has changed.',
  schema: { type: 'string' },
};
const SNAPSHOT: Parameter = {
  name: 'snapshot',
  in: 'query',
  description: 'Asks for this snapshot, as the config names it. Without it the current one answers.',
  schema: { type: 'string', pattern: SNAPSHOT_ID.source },
};
const PREFIX: Parameter = {
  name: 'prefix',
  in: 'path',
  required: true,
  description: 'The leading `prefixBits` of a hash in lower-case hex, one digit for each four bits: PROTOCOL.md §6.',
  schema: { type: 'string', pattern: '^[0-9a-f]{1,5}$' },
};
const NOT_MODIFIED: Answer = { description: 'Nothing has changed.', headers: ['ETag'] };
const OCTETS = 'application/octet-stream';

export function bucket(index: string, of: string): Operation {
  return {
    summary: `A bucket of the index \`${index}\``,
    description: `All entries whose ${of} begins with the prefix, sealed and padded.`,
    parameters: [PREFIX, SNAPSHOT, IF_NONE_MATCH],
    answers: {
      200: {
        description: 'The bucket.',
        headers: ['ETag', 'Credveil-Snapshot'],
        content: {
          [OCTETS]: { description: 'BucketBody, PROTOCOL.md §7.' },
          'text/plain': { description: 'The same tags in hex, one a line, for people: without a seal.' },
        },
      },
      304: NOT_MODIFIED,
    },
    problems: ['PREFIX_MALFORMED', 'QUERY_MALFORMED', 'INDEX_MISSING', 'SNAPSHOT_GONE'],
  };
}

function evaluation(summary: string, asked: string, answered: string, more: Partial<Operation> = {}): Operation {
  const { answers, problems = [], ...rest } = more;
  return {
    summary,
    description: 'For datasets of the suite `oprf`. Nothing is kept of it.',
    body: { [OCTETS]: { description: `${asked}, PROTOCOL.md §16: 1 to 32 elements.` } },
    answers: {
      200: {
        description: 'Made of all elements of the request, in their order.',
        content: { [OCTETS]: { description: `${answered}, PROTOCOL.md §16.` } },
      },
      ...answers,
    },
    problems: [
      'QUERY_MALFORMED',
      'SUITE_MISMATCH',
      'ELEMENT_IDENTITY',
      'ELEMENT_NOT_CANONICAL',
      'OVERLOADED',
      ...problems,
    ],
    ...rest,
  };
}

const json = (description: string, schema: 'Datasets' | 'Status' | 'Health' | 'Readiness'): Answer => ({
  description,
  content: { 'application/json': { schema } },
});

export const page = (summary: string): Operation => ({
  summary,
  parameters: [IF_NONE_MATCH],
  answers: {
    200: { description: 'Missing where the service has no pages.', headers: ['ETag'], content: { 'text/html': {} } },
    304: NOT_MODIFIED,
  },
  problems: ['ROUTE_MISSING'],
});

export const CONFIG: Operation = {
  summary: 'What a client must know before it asks',
  parameters: [IF_NONE_MATCH],
  answers: {
    200: {
      description: 'Of the current snapshot.',
      headers: ['ETag', 'Credveil-Snapshot'],
      content: { 'application/json': { schema: 'ServiceConfig' } },
    },
    304: NOT_MODIFIED,
  },
  problems: ['QUERY_MALFORMED'],
};

export const FILTER: Operation = {
  summary: 'The filter of the index `password`',
  description: 'With it a client knows by itself that a password did not leak.',
  parameters: [
    SNAPSHOT,
    IF_NONE_MATCH,
    {
      name: 'Range',
      in: 'header',
      description: 'One range of bytes, as of a download that was interrupted.',
      schema: { type: 'string' },
    },
    {
      name: 'If-Range',
      in: 'header',
      description: 'The ETag of the part that is there already: without a match the whole filter is sent.',
      schema: { type: 'string' },
    },
  ],
  answers: {
    200: {
      description: 'The filter.',
      headers: ['ETag', 'Credveil-Snapshot'],
      content: { [OCTETS]: { description: 'FilterFile, PROTOCOL.md §17.' } },
    },
    206: {
      description: 'A part of it.',
      headers: ['ETag', 'Credveil-Snapshot', 'Content-Range'],
      content: { [OCTETS]: { description: 'A part of FilterFile, PROTOCOL.md §17.' } },
    },
    304: NOT_MODIFIED,
  },
  problems: ['QUERY_MALFORMED', 'INDEX_MISSING', 'FILTER_MISSING', 'SNAPSHOT_GONE', 'RANGE_NOT_SATISFIABLE'],
};

export const RANGE: Operation = {
  summary: "A range of unsalted hashes, as Have I Been Pwned's Pwned Passwords answers it",
  parameters: [
    {
      name: 'prefix',
      in: 'path',
      required: true,
      description: 'The first five hex digits of a SHA-1 or NTLM hash, in any case.',
      schema: { type: 'string', pattern: '^[0-9A-Fa-f]{5}$' },
    },
    {
      name: 'mode',
      in: 'query',
      description: '`ntlm` asks the index of NTLM hashes, anything else that of SHA-1.',
      schema: { type: 'string' },
    },
    {
      name: 'Add-Padding',
      in: 'header',
      description: '`true` or `1`: all answers get one size, by rows with the count 0.',
      schema: { type: 'string' },
    },
    IF_NONE_MATCH,
    IF_MODIFIED_SINCE,
  ],
  answers: {
    200: {
      description: 'Rows `SUFFIX:COUNT`, ascending, CRLF between them and none at the end.',
      headers: ['ETag', 'Last-Modified', 'Credveil-Snapshot'],
      content: { 'text/plain': {} },
    },
    304: { ...NOT_MODIFIED, headers: ['ETag', 'Last-Modified'] },
    400: { description: 'The prefix has not five hexadecimal digits.', content: { 'text/plain': {} } },
  },
  problems: ['INDEX_MISSING'],
};

export const DATASETS: Operation = {
  summary: 'What is served here',
  answers: { 200: json('All datasets.', 'Datasets') },
};

export const STATUS: Operation = {
  summary: 'Figures of the snapshot and request rates, for people',
  answers: { 200: json('As of now. Missing where the service has no pages.', 'Status') },
  problems: ['ROUTE_MISSING'],
};

export const HEALTH: Operation = { summary: 'Whether the process lives', answers: { 200: json('It does.', 'Health') } };

export const READINESS: Operation = {
  summary: 'Whether requests should be sent here',
  answers: { 200: json('They should.', 'Readiness') },
  problems: ['NOT_READY'],
};

export const OPENAPI: Operation = {
  summary: 'This description',
  parameters: [IF_NONE_MATCH],
  answers: {
    200: { description: 'OpenAPI 3.1.', headers: ['ETag'], content: { 'application/json': {} } },
    304: NOT_MODIFIED,
  },
};

export const REFERENCE: Operation = {
  summary: 'This description, to read',
  parameters: [IF_NONE_MATCH],
  answers: {
    200: { description: 'A page without scripts.', headers: ['ETag'], content: { 'text/html': {} } },
    304: NOT_MODIFIED,
  },
};

export const LOOKUP = evaluation(
  'Evaluates blinded elements and sends an account bucket',
  'LookupRequest',
  'LookupResponse',
  { parameters: [SNAPSHOT], problems: ['INDEX_MISSING', 'SNAPSHOT_GONE'] },
);

export const EVALUATE = evaluation('Evaluates blinded elements', 'ElementsRequest', 'EvaluateResponse');

export const PROVE = evaluation('Proves that elements were evaluated with the key', 'ElementsRequest', 'ProveResponse');
