// The table of routes. A path that is not listed here is not answered.
//
// Dispatch, OPTIONS, 405, HEAD, access, quotas, caching, documentation, metrics, logs and request
// rates all follow from an entry: a new route is one entry and its handler. PROTOCOL.md §13.

import * as docs from './api/operations.ts';
import type { Route } from './api/route.ts';
import { createBucketHandler } from './handlers/buckets.ts';
import { createDocumentHandler, createHealthHandler, createReadinessHandler } from './handlers/documents.ts';
import { createEvaluationHandler } from './handlers/evaluations.ts';
import { createFilterHandler } from './handlers/filter.ts';
import { createRangeHandler } from './handlers/ranges.ts';
import { createReplicaHandler } from './handlers/replica.ts';
import { createHeadHandler, createSourcesHandler, createStatementHandler } from './handlers/statements.ts';
import { createPageHandler, createStatusHandler } from './pages/pages.ts';

const READ = { methods: ['GET'], rates: 'other' } as const;
const OF_DATASET = { ofDataset: true } as const;
const OF_SERVER = { ofDataset: false, access: 'open' } as const;
const BUCKET = { ...READ, ...OF_DATASET, access: 'metered', cache: 'revalidateExact', rates: 'bucket' } as const;
const REPLICA = { ...BUCKET, access: 'replica', rates: 'other' } as const;
const EVALUATION = {
  ...OF_DATASET,
  methods: ['POST'],
  access: 'evaluation',
  cache: 'never',
  rates: 'evaluation',
} as const;
const PAGE = { ...READ, ...OF_SERVER, handler: createPageHandler, withoutQuery: true, cache: 'page' } as const;
const DOCUMENT = { ...READ, handler: createDocumentHandler } as const;

export const ROUTES: readonly Route[] = [
  {
    ...READ,
    ...OF_DATASET,
    path: '/v1/head',
    handler: createHeadHandler,
    access: 'client',
    cache: 'brief',
    documentation: { GET: docs.HEAD },
  },
  {
    ...READ,
    ...OF_DATASET,
    path: '/v1/statement/{snapshot}',
    handler: createStatementHandler,
    access: 'client',
    cache: 'pinned',
    documentation: { GET: docs.STATEMENT },
  },
  {
    ...READ,
    ...OF_DATASET,
    path: '/v1/sources/{sha256}',
    handler: createSourcesHandler,
    access: 'client',
    cache: 'pinned',
    documentation: { GET: docs.SOURCES },
  },
  {
    ...BUCKET,
    path: '/v1/account/{prefix}',
    handler: createBucketHandler('account'),
    documentation: { GET: docs.bucket('account', 'hash of the username') },
  },
  {
    ...BUCKET,
    path: '/v1/password/{prefix}',
    handler: createBucketHandler('password'),
    documentation: { GET: docs.bucket('password', 'hash of the password') },
  },
  {
    ...BUCKET,
    path: '/v1/filter/password',
    handler: createFilterHandler,
    rates: 'other',
    documentation: { GET: docs.FILTER },
  },
  {
    ...REPLICA,
    path: '/v1/replica/account',
    handler: createReplicaHandler('account'),
    documentation: { GET: docs.replica('account') },
  },
  {
    ...REPLICA,
    path: '/v1/replica/password',
    handler: createReplicaHandler('password'),
    documentation: { GET: docs.replica('password') },
  },
  {
    ...READ,
    ...OF_DATASET,
    path: '/range/{prefix}',
    subtree: true,
    handler: createRangeHandler,
    access: 'metered',
    cache: 'revalidate',
    rates: 'range',
    documentation: { GET: docs.RANGE },
  },
  {
    ...EVALUATION,
    path: '/v1/lookup',
    handler: createEvaluationHandler('lookup'),
    documentation: { POST: docs.LOOKUP },
  },
  {
    ...EVALUATION,
    path: '/v1/evaluate',
    handler: createEvaluationHandler('evaluate'),
    documentation: { POST: docs.EVALUATE },
  },
  {
    ...EVALUATION,
    path: '/v1/prove',
    handler: createEvaluationHandler('prove'),
    documentation: { POST: docs.PROVE },
  },
  {
    ...DOCUMENT,
    ...OF_DATASET,
    path: '/v1/datasets',
    access: 'client',
    cache: 'never',
    documentation: { GET: docs.DATASETS },
  },
  {
    ...READ,
    ...OF_DATASET,
    path: '/v1/status',
    handler: createStatusHandler,
    withoutQuery: true,
    access: 'client',
    cache: 'never',
    documentation: { GET: docs.STATUS },
  },
  {
    ...READ,
    ...OF_SERVER,
    path: '/healthz',
    handler: createHealthHandler,
    cache: 'never',
    documentation: { GET: docs.HEALTH },
  },
  {
    ...READ,
    ...OF_SERVER,
    path: '/readyz',
    handler: createReadinessHandler,
    cache: 'never',
    documentation: { GET: docs.READINESS },
  },
  { ...DOCUMENT, ...OF_SERVER, path: '/openapi.json', cache: 'revalidate', documentation: { GET: docs.OPENAPI } },
  { ...DOCUMENT, ...OF_SERVER, path: '/reference', cache: 'revalidate', documentation: { GET: docs.REFERENCE } },
  { ...PAGE, path: '/', documentation: { GET: docs.page('A page that checks a credential in the browser') } },
  { ...PAGE, path: '/status', documentation: { GET: docs.page('A page that shows /v1/status') } },
  // Files that the pages refer to: nothing to document.
  { ...PAGE, path: '/assets/{file}', subtree: true, cache: 'immutable', rates: 'uncounted' },
];
