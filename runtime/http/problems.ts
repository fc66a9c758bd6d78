// The kinds of problem: status, code, title and hint of each refusal. PROTOCOL.md §13.

export interface ProblemKind {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly hint: string;
}

export const PROBLEMS = {
  REQUEST_MALFORMED: {
    status: 400,
    title: 'Request malformed',
    detail: 'The bytes received are not an HTTP/1.1 request.',
    hint: 'Use an HTTP client, with http:// if a proxy in front of this server terminates TLS.',
  },
  PREFIX_MALFORMED: {
    status: 400,
    title: 'Prefix malformed',
    detail: 'The last part of the path is not a prefix of this index.',
    hint: 'Read prefixBits from the statement and write the prefix in lower-case hex, one digit per four bits.',
  },
  LAYER_MISSING: {
    status: 404,
    title: 'Layer missing',
    detail: 'The snapshot has several layers and the query names none of them.',
    hint: 'Request each layer of the statement with ?snapshot=…&layer= and its id.',
  },
  QUERY_MALFORMED: {
    status: 400,
    title: 'Query malformed',
    detail: 'This route does not accept this query.',
    hint: 'Leave the query out, or request a bucket with ?snapshot= and the snapshot id from /v1/head.',
  },
  MESSAGE_MALFORMED: {
    status: 400,
    title: 'Message malformed',
    detail: 'The body is not a valid message for this route.',
    hint: 'Encode it as specified in PROTOCOL.md §16.',
  },
  ELEMENT_IDENTITY: {
    status: 400,
    title: 'Identity element',
    detail: 'A group element is the identity.',
    hint: 'Encode elements as specified in RFC 9496 §4.3.2.',
  },
  ELEMENT_NOT_CANONICAL: {
    status: 400,
    title: 'Element not canonical',
    detail: 'A group element is not in its canonical encoding.',
    hint: 'Encode elements as specified in RFC 9496 §4.3.2.',
  },
  CLIENT_REQUIRED: {
    status: 401,
    title: 'Client required',
    detail: 'This server requires a client, and the request has no key or certificate.',
    hint: 'Send Authorization: Bearer with the key that `credveil client add` printed, or a client certificate.',
  },
  CLIENT_UNKNOWN: {
    status: 401,
    title: 'Client unknown',
    detail: 'The key or certificate belongs to no client; it may have been revoked.',
    hint: 'Ask the operator for a new key; a revoked key stays invalid.',
  },
  REPLICA_REFUSED: {
    status: 403,
    title: 'Replica refused',
    detail: 'This client may request buckets, and not hold a copy of all of them.',
    hint: 'Ask the operator for a client that may: `credveil client add DATASET NAME --replica`.',
  },
  ROUTE_MISSING: {
    status: 404,
    title: 'No such route',
    detail: 'This server has no route with this path.',
    hint: 'See PROTOCOL.md §13 for the routes; datasets other than the first are under /d/{dataset id}.',
  },
  SUITE_MISMATCH: {
    status: 404,
    title: 'Suite mismatch',
    detail: 'The dataset does not use the oprf suite, so it evaluates nothing.',
    hint: 'Read suite from the statement; under hmac the client holds the key and requests buckets.',
  },
  EVALUATOR_MISSING: {
    status: 404,
    title: 'No evaluator',
    detail: 'This server holds no key: it serves the buckets of this dataset and evaluates nothing.',
    hint: 'Send evaluations to the server that holds the key; the SDK has the options url and bucketsUrl for the two.',
  },
  DATASET_MISSING: {
    status: 404,
    title: 'No such dataset',
    detail: 'This server has no dataset with this id.',
    hint: 'Read the ids from /v1/datasets.',
  },
  INDEX_MISSING: {
    status: 404,
    title: 'No such index',
    detail: 'The dataset was created without this index.',
    hint: 'Indexes are chosen at creation with credveil init --index. The statement lists account and password.',
  },
  FILTER_MISSING: {
    status: 404,
    title: 'No filter',
    detail: 'The snapshot has no filter for the password index.',
    hint: 'Request buckets instead, or publish the dataset again with a filter.',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'Method not allowed',
    detail: 'This route does not accept this method.',
    hint: 'Use a method from the Allow header.',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    title: 'Request timeout',
    detail: 'The request did not arrive in time.',
    hint: 'Send the whole request without pauses.',
  },
  SNAPSHOT_GONE: {
    status: 410,
    title: 'Snapshot gone',
    detail: 'The requested snapshot is no longer served, or not yet.',
    hint: 'Fetch /v1/head again and request the snapshot it names.',
  },
  LENGTH_REQUIRED: {
    status: 411,
    title: 'Length required',
    detail: 'The request does not state the length of its body.',
    hint: 'Send Content-Length, without a transfer encoding.',
  },
  HOST_REFUSED: {
    status: 421,
    title: 'Host refused',
    detail: 'This server does not answer under this host name.',
    hint: 'Use http://127.0.0.1 and the port. For another name, start the server with --allowed-hosts.',
  },
  BODY_NOT_ALLOWED: {
    status: 413,
    title: 'Body not allowed',
    detail: 'This route does not accept a request body.',
    hint: 'Send the request without a body.',
  },
  BODY_TOO_LARGE: {
    status: 413,
    title: 'Body too large',
    detail: 'The body is larger than any message for this route.',
    hint: 'Send at most 32 elements per request.',
  },
  URL_TOO_LONG: {
    status: 414,
    title: 'URL too long',
    detail: 'The request target exceeds the limit of this server.',
    hint: 'Request one of the documented routes.',
  },
  MEDIA_TYPE_UNSUPPORTED: {
    status: 415,
    title: 'Media type not supported',
    detail: 'The Content-Type of the body is not application/octet-stream.',
    hint: 'Send Content-Type: application/octet-stream.',
  },
  QUOTA_EXCEEDED: {
    status: 429,
    title: 'Quota exceeded',
    detail: 'The request exceeds the remaining quota of this client. It was not counted.',
    hint: 'Retry after Retry-After seconds; RateLimit-Policy and RateLimit show the quotas and what remains.',
  },
  RANGE_NOT_SATISFIABLE: {
    status: 416,
    title: 'Range not satisfiable',
    detail: 'The requested range lies outside the body.',
    hint: 'Read the length of the body from Content-Range, or request it without a range.',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    title: 'Headers too large',
    detail: 'The request headers exceed the limit of this server.',
    hint: 'Leave out cookies and tokens of other services.',
  },
  INTERNAL: {
    status: 500,
    title: 'Internal error',
    detail: 'The server failed to answer.',
    hint: "Treat the credential as unknown, retry later, and check the server's log.",
  },
  OVERLOADED: {
    status: 503,
    title: 'Overloaded',
    detail: 'Too many evaluations are waiting.',
    hint: 'Retry after Retry-After seconds, or use another instance.',
  },
  QUOTA_UNKNOWN: {
    status: 503,
    title: 'Quota unknown',
    detail: 'The server could not determine the remaining quota of this client.',
    hint: "Retry after Retry-After seconds; if it persists, check the server's log.",
  },
  RANGE_MISSING: {
    status: 503,
    title: 'Range missing',
    detail: 'The mirror that this server answers from lacks this range, or no source has hashes of this kind.',
    hint: 'Treat the password as unknown. The operator completes the mirror (credveil ingest --replace), or ingests a source.',
  },
  SNAPSHOT_WITHDRAWN: {
    status: 503,
    title: 'Snapshot withdrawn',
    detail: 'The snapshot of this server was withdrawn, and the one that replaces it cannot be opened.',
    hint: 'Use another instance, or retry later. The operator finds the reason in the log.',
  },
  NOT_READY: {
    status: 503,
    title: 'Not ready',
    detail: 'The server is shutting down.',
    hint: 'Use another instance, or retry later.',
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;
