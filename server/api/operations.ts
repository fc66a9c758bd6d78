// The documentation of each route's operations, as /openapi.json and /reference show it.
// PROTOCOL.md §13.

import { HEX64, LAYER_ID, SNAPSHOT_ID } from '../../protocol/ids.ts';
import type { Answer, Operation, Parameter } from './route.ts';
import type { SchemaName } from './schemas.ts';

const IF_NONE_MATCH: Parameter = {
  name: 'If-None-Match',
  in: 'header',
  description: 'An earlier ETag: the response is 304 if nothing has changed.',
  schema: { type: 'string' },
};
const IF_MODIFIED_SINCE: Parameter = {
  name: 'If-Modified-Since',
  in: 'header',
  description: 'An earlier Last-Modified, used without If-None-Match: the response is 304 if nothing has changed.',
  schema: { type: 'string' },
};
const SNAPSHOT: Parameter = {
  name: 'snapshot',
  in: 'query',
  description: 'The snapshot to answer from, as the head names it. Default: the current one.',
  schema: { type: 'string', pattern: SNAPSHOT_ID.source },
};
const LAYER: Parameter = {
  name: 'layer',
  in: 'query',
  description:
    'After `snapshot`: the layer to answer from, as the statement names it. Required where there are several.',
  schema: { type: 'string', pattern: LAYER_ID.source },
};
const PREFIX: Parameter = {
  name: 'prefix',
  in: 'path',
  required: true,
  description: 'The leading `prefixBits` of a hash in lower-case hex, one digit per four bits: PROTOCOL.md §6.',
  schema: { type: 'string', pattern: '^[0-9a-f]{1,7}$' },
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
          'text/plain': { description: 'The same tags in hex, one per line, for people: without a seal.' },
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
    description: 'For datasets of the suite `oprf`. The service stores nothing of the request.',
    body: { [OCTETS]: { description: `${asked}, PROTOCOL.md §16: 1 to 32 elements.` } },
    answers: {
      200: {
        description: 'The results for all elements of the request, in order.',
        content: { [OCTETS]: { description: `${answered}, PROTOCOL.md §16.` } },
      },
      ...answers,
    },
    problems: [
      'QUERY_MALFORMED',
      'SUITE_MISMATCH',
      'EVALUATOR_MISSING',
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
    200: { description: 'Missing if the service has no pages.', headers: ['ETag'], content: { 'text/html': {} } },
    304: NOT_MODIFIED,
  },
  problems: ['ROUTE_MISSING'],
});

const tagged = (description: string, schema: SchemaName): Operation['answers'] => ({
  200: { description, headers: ['ETag', 'Credveil-Snapshot'], content: { 'application/json': { schema } } },
  304: NOT_MODIFIED,
});

export const HEAD: Operation = {
  summary: 'Which statement is the current one, and until when',
  description: 'An envelope of a head, PROTOCOL.md §8 and §10.',
  parameters: [IF_NONE_MATCH],
  answers: tagged('The newest head.', 'Envelope'),
  problems: ['QUERY_MALFORMED'],
};

export const STATEMENT: Operation = {
  summary: 'What a snapshot is, as its publisher stated it',
  description: 'An envelope of a statement, PROTOCOL.md §8 and §10.',
  parameters: [
    {
      name: 'snapshot',
      in: 'path',
      required: true,
      description: 'The snapshot that the head names.',
      schema: { type: 'string', pattern: SNAPSHOT_ID.source },
    },
    IF_NONE_MATCH,
  ],
  answers: tagged('The statement.', 'Envelope'),
  problems: ['QUERY_MALFORMED', 'ROUTE_MISSING', 'SNAPSHOT_GONE'],
};

export const SOURCES: Operation = {
  summary: 'The sources of a snapshot',
  parameters: [
    {
      name: 'sha256',
      in: 'path',
      required: true,
      description: 'The digest in the statement.',
      schema: { type: 'string', pattern: HEX64.source },
    },
    IF_NONE_MATCH,
  ],
  answers: {
    200: { description: 'The list.', headers: ['ETag'], content: { 'application/json': { schema: 'Sources' } } },
    304: NOT_MODIFIED,
  },
  problems: ['QUERY_MALFORMED', 'ROUTE_MISSING', 'SNAPSHOT_GONE'],
};

/** A long body that may be sent in part. */
function ranged(
  what: string,
  struct: string,
  more: Pick<Operation, 'summary' | 'description' | 'problems'>,
): Operation {
  const headers = ['ETag', 'Credveil-Snapshot'];
  return {
    ...more,
    parameters: [
      SNAPSHOT,
      LAYER,
      IF_NONE_MATCH,
      {
        name: 'Range',
        in: 'header',
        description: 'One byte range, for instance to resume a download.',
        schema: { type: 'string' },
      },
      {
        name: 'If-Range',
        in: 'header',
        description: `The ETag of the part already downloaded: without a match the whole ${what} is sent.`,
        schema: { type: 'string' },
      },
    ],
    answers: {
      200: { description: `The ${what}.`, headers, content: { [OCTETS]: { description: `${struct}.` } } },
      206: {
        description: 'A part of it.',
        headers: [...headers, 'Content-Range'],
        content: { [OCTETS]: { description: `A part of ${struct}.` } },
      },
      304: NOT_MODIFIED,
    },
    problems: [
      ...(['QUERY_MALFORMED', 'INDEX_MISSING', 'LAYER_MISSING', 'SNAPSHOT_GONE', 'RANGE_NOT_SATISFIABLE'] as const),
      ...(more.problems ?? []),
    ],
  };
}

export const FILTER = ranged('filter', 'FilterFile, PROTOCOL.md §17', {
  summary: 'The filter of the index `password`',
  description: 'Lets a client rule out a leaked password without a request.',
  problems: ['FILTER_MISSING'],
});

export const replica = (index: string): Operation =>
  ranged('index', 'SlotFile, PROTOCOL.md §12', {
    summary: `All buckets of the index \`${index}\``,
    description: 'For clients that the operator lets hold a replica.',
  });

export const RANGE: Operation = {
  summary: "A range of unsalted hashes, compatible with Have I Been Pwned's Pwned Passwords",
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
      description: '`ntlm` selects the index of NTLM hashes, anything else that of SHA-1.',
      schema: { type: 'string' },
    },
    {
      name: 'Add-Padding',
      in: 'header',
      description: '`true` or `1` pads all responses to one size, with rows whose count is 0.',
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
    400: { description: 'The prefix is not five hexadecimal digits.', content: { 'text/plain': {} } },
  },
  problems: ['INDEX_MISSING', 'RANGE_MISSING'],
};

export const DATASETS: Operation = {
  summary: 'The datasets of this server',
  answers: { 200: json('All datasets.', 'Datasets') },
};

export const STATUS: Operation = {
  summary: 'Figures of the snapshot and request rates, for people',
  answers: { 200: json('Current figures. Missing if the service has no pages.', 'Status') },
  problems: ['ROUTE_MISSING'],
};

export const HEALTH: Operation = {
  summary: 'Whether the process is alive',
  answers: { 200: json('It is.', 'Health') },
};

export const READINESS: Operation = {
  summary: 'Whether the server accepts requests',
  answers: { 200: json('It does.', 'Readiness') },
  problems: ['NOT_READY', 'SNAPSHOT_WITHDRAWN'],
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
  summary: 'This description as a page',
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
