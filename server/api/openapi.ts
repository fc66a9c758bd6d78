// GET /openapi.json: the routes and the schemas as a document of OpenAPI 3.1.

import { z } from 'zod';
import { PROBLEMS, type ProblemCode } from '../../runtime/http/problems.ts';
import { type Answer, type Content, type Operation, type Parameter, problemsOf, type Route } from './route.ts';
import { SCHEMAS, type SchemaName } from './schemas.ts';

type Json = { readonly [member: string]: unknown };

export interface OpenApiDocument extends Json {
  readonly openapi: '3.1.1';
  readonly paths: { readonly [path: string]: PathItem };
}

export type PathItem = { readonly [method in 'get' | 'head' | 'post']?: OperationObject } & {
  readonly servers?: Json[];
};

export interface OperationObject extends Json {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly Json[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required: true; readonly content: Json };
  readonly responses: Responses;
}

type Responses = { readonly [status: string]: ResponseObject };

export interface ResponseObject extends Json {
  readonly description: string;
  readonly content?: Json;
  readonly 'x-credveil-codes'?: readonly ProblemCode[];
}

const HEADERS: { readonly [name: string]: string } = {
  'Content-Range': 'The range of this part, and the length of the whole.',
  'Last-Modified': 'When the snapshot was published.',
  ETag: 'Differs between snapshots and between forms of a response.',
  'Credveil-Snapshot': 'The snapshot the response comes from.',
  'Retry-After': 'Seconds to wait before a retry.',
  'WWW-Authenticate': 'Bearer: the scheme a client must use.',
  Allow: 'The methods of the route.',
  RateLimit: 'The remaining quotas that the request counts against: draft-ietf-httpapi-ratelimit-headers-11.',
  'RateLimit-Policy': 'The quotas of the client: the same draft.',
};
const KEY = [{ clientKey: [] }, { clientCertificate: [] }, {}];
const OF_STATUS: { readonly [status: number]: readonly string[] } = {
  401: ['WWW-Authenticate'],
  405: ['Allow'],
  416: ['Content-Range'],
  429: ['Retry-After'],
};

/** @param version of the service */
export function createOpenApi(routes: readonly Route[], version: string): OpenApiDocument {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Credveil',
      version,
      description:
        'Leaked-credential checks: sealed buckets by prefix, and blinded evaluations. PROTOCOL.md specifies the bytes; @credveil/client implements all of it.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The first dataset, and routes that belong to no dataset.' }],
    paths: Object.fromEntries(
      routes.filter(({ documentation }) => documentation).map((route) => [route.path, pathItem(route)]),
    ),
    components: {
      schemas: Object.fromEntries(Object.entries(SCHEMAS).map(([name, schema]) => [name, jsonSchema(schema)])),
      headers: Object.fromEntries(Object.entries(HEADERS).map(([name, about]) => [name, header(about)])),
      securitySchemes: {
        clientKey: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'credveil-client-1',
          description: 'A key printed by `credveil client add`. Required if the server has a list of clients.',
        },
        clientCertificate: {
          type: 'mutualTLS',
          description: 'A certificate in the list of clients, instead of a key.',
        },
      },
    },
  };
}

const DATASET_SERVER = {
  url: '/d/{dataset}',
  description: 'Any dataset of this server.',
  variables: { dataset: { default: '0123456789abcdef', description: 'An id from /v1/datasets.' } },
};

function pathItem(route: Route): PathItem {
  const { path, documentation: { GET: get, POST: post } = {}, ofDataset } = route;
  return {
    ...(ofDataset && { servers: [{ url: '/' }, DATASET_SERVER] }),
    ...(get && {
      get: operation(route, get, `get ${path}`),
      head: { ...operation(route, get, `head ${path}`), summary: `${get.summary}: headers only` },
    }),
    ...(post && { post: operation(route, post, `post ${path}`) }),
  };
}

function operation(route: Route, asked: Operation, words: string): OperationObject {
  const { summary, description, parameters, body, answers } = asked;
  return {
    operationId: words.replace(/[^a-z0-9]+(.?)/gi, (_, next: string) => next.toUpperCase()),
    summary,
    ...(description !== undefined && { description }),
    security: route.access === 'open' ? [] : KEY,
    ...(parameters && { parameters }),
    ...(body && { requestBody: { required: true, content: mediaTypes(body) } }),
    responses: bothResponses(
      Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, success(route, answer)])),
      problemResponses(problemsOf(route, asked)),
    ),
  };
}

/** A status with a response of its own may also have problems. */
function bothResponses(answers: Responses, problems: Responses): Responses {
  const both: { [status: string]: ResponseObject } = { ...answers, ...problems };
  for (const [status, { description, content }] of Object.entries(answers)) {
    const problem = problems[status];
    if (!problem) continue;
    const words = `${description}\n${problem.description}`;
    both[status] = { ...problem, description: words, content: { ...content, ...problem.content } };
  }
  return both;
}

function success({ access }: Route, { description, content, headers = [] }: Answer): ResponseObject {
  const metered = access !== 'open' && access !== 'client' ? ['RateLimit', 'RateLimit-Policy'] : [];
  return {
    description,
    ...headerRefs([...headers, ...metered]),
    ...(content && { content: mediaTypes(content) }),
  };
}

/** Problems with one status are one response, which names their codes. */
function problemResponses(codes: readonly ProblemCode[]): Responses {
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      status,
      {
        description: ofStatus.map((code) => `\`${code}\`: ${PROBLEMS[code].detail}`).join('\n'),
        ...headerRefs(OF_STATUS[status] ?? []),
        content: { 'application/problem+json': { schema: ref('schemas', 'Problem') } },
        'x-credveil-codes': ofStatus,
      },
    ]),
  );
}

function mediaTypes(content: Content): Json {
  return Object.fromEntries(
    Object.entries(content).map(([mediaType, { schema, description }]) => [
      mediaType,
      // In OpenAPI 3.1 bytes have no schema, only an optional description.
      { schema: schema ? ref('schemas', schema) : { ...(description !== undefined && { description }) } },
    ]),
  );
}

const ref = (kind: 'schemas' | 'headers', name: SchemaName | string): Json => ({
  $ref: `#/components/${kind}/${name}`,
});
const header = (description: string): Json => ({ description, schema: { type: 'string' } });
const headerRefs = (names: readonly string[]): { headers?: Json } =>
  names.length === 0 ? {} : { headers: Object.fromEntries(names.map((name) => [name, ref('headers', name)])) };

function jsonSchema(schema: z.ZodType): Json {
  // A reader of JSON leaves unknown members alone (PROTOCOL.md §1): what is sent may grow.
  const { $schema: _dialect, ...members } = z.toJSONSchema(schema, { io: 'input' });
  return members;
}
