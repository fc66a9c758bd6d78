// The kinds of problem: what a refusal says. PROTOCOL.md §13.

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
    hint: 'Use an HTTP client, and http:// where TLS ends in front of this server.',
  },
  PREFIX_MALFORMED: {
    status: 400,
    title: 'Prefix malformed',
    detail: 'The last part of the path is not a prefix of this index.',
    hint: 'Read prefixBits from /v1/config and write the prefix in lower-case hex, one digit for each four bits.',
  },
  QUERY_MALFORMED: {
    status: 400,
    title: 'Query malformed',
    detail: 'The query is not one that this route takes.',
    hint: 'Ask without a query, or with ?snapshot= and the snapshot id from /v1/config on a bucket.',
  },
  MESSAGE_MALFORMED: {
    status: 400,
    title: 'Message malformed',
    detail: 'The body is not the message that this route takes.',
    hint: 'Format it as PROTOCOL.md §16 says.',
  },
  ELEMENT_IDENTITY: {
    status: 400,
    title: 'Identity element',
    detail: 'A group element is the identity.',
    hint: 'Send elements as RFC 9496 §4.3.2 encodes them.',
  },
  ELEMENT_NOT_CANONICAL: {
    status: 400,
    title: 'Element not canonical',
    detail: 'A group element is not in its canonical encoding.',
    hint: 'Send elements as RFC 9496 §4.3.2 encodes them.',
  },
  CLIENT_REQUIRED: {
    status: 401,
    title: 'Client required',
    detail: 'This server answers clients that it knows, and the request names none.',
    hint: 'Send Authorization: Bearer with the key that `credveil client add` printed, or a client certificate.',
  },
  CLIENT_UNKNOWN: {
    status: 401,
    title: 'Client unknown',
    detail: 'The key or certificate is not that of a client, or no longer.',
    hint: 'Ask the operator for a key; one that was revoked is not taken again.',
  },
  ROUTE_MISSING: {
    status: 404,
    title: 'No such route',
    detail: 'This server has nothing under this path.',
    hint: 'PROTOCOL.md §13 names the routes; a dataset other than the first is under /d/{dataset id}.',
  },
  SUITE_MISMATCH: {
    status: 404,
    title: 'Other suite',
    detail: 'The dataset is not of the oprf suite: there is nothing to evaluate.',
    hint: 'Read suite from /v1/config; under hmac the caller holds the key and asks for buckets.',
  },
  DATASET_MISSING: {
    status: 404,
    title: 'No such dataset',
    detail: 'No dataset with this id is served here.',
    hint: 'Read the ids from /v1/datasets.',
  },
  INDEX_MISSING: {
    status: 404,
    title: 'No such index',
    detail: 'The dataset that is served was made without this index.',
    hint: 'Indexes are chosen when a dataset is made: credveil init --index. /v1/config names account and password.',
  },
  FILTER_MISSING: {
    status: 404,
    title: 'No filter',
    detail: 'The snapshot has no filter of the password index.',
    hint: 'Ask for buckets, or publish the dataset again with a filter.',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'Method not allowed',
    detail: 'This route does not take this method.',
    hint: 'Use one that the Allow header names.',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    title: 'Request timeout',
    detail: 'The request was not complete in time.',
    hint: 'Send the request in one go.',
  },
  SNAPSHOT_GONE: {
    status: 410,
    title: 'Snapshot gone',
    detail: 'The snapshot that was asked for is no longer served, or not yet.',
    hint: 'Fetch /v1/config again and ask for the snapshot that it names.',
  },
  LENGTH_REQUIRED: {
    status: 411,
    title: 'Length required',
    detail: 'The request does not say how long its body is.',
    hint: 'Send Content-Length, and the body in one piece.',
  },
  BODY_NOT_ALLOWED: {
    status: 413,
    title: 'Body not allowed',
    detail: 'This route takes no request body.',
    hint: 'Send the request without a body.',
  },
  BODY_TOO_LARGE: {
    status: 413,
    title: 'Body too large',
    detail: 'The body is longer than any message of this route.',
    hint: 'Send at most 32 elements a request.',
  },
  URL_TOO_LONG: {
    status: 414,
    title: 'URL too long',
    detail: 'The request target is longer than this server reads.',
    hint: 'Ask for one of the documented routes.',
  },
  MEDIA_TYPE_UNSUPPORTED: {
    status: 415,
    title: 'Media type not supported',
    detail: 'The body is not announced as application/octet-stream.',
    hint: 'Send Content-Type: application/octet-stream.',
  },
  QUOTA_EXCEEDED: {
    status: 429,
    title: 'Quota exceeded',
    detail: 'The request does not fit into what is left of a quota of this client. Nothing was taken for it.',
    hint: 'Ask again after Retry-After seconds; RateLimit-Policy and RateLimit say what there is.',
  },
  RANGE_NOT_SATISFIABLE: {
    status: 416,
    title: 'Range not satisfiable',
    detail: 'Nothing of the body is in the range that was asked for.',
    hint: 'Content-Range says how long the body is; ask again without a range.',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    title: 'Headers too large',
    detail: 'The request headers are larger than this server reads.',
    hint: 'Send no cookies and no tokens of other services.',
  },
  INTERNAL: {
    status: 500,
    title: 'Internal error',
    detail: 'The server could not answer.',
    hint: "Treat the credential as unknown, try again later, and look at the server's log.",
  },
  OVERLOADED: {
    status: 503,
    title: 'Overloaded',
    detail: 'More evaluations wait than this server takes on.',
    hint: 'Ask again after Retry-After seconds, or ask another instance.',
  },
  QUOTA_UNKNOWN: {
    status: 503,
    title: 'Quota unknown',
    detail: 'The server could not find out what is left of the quota of this client.',
    hint: "Ask again after Retry-After seconds; if it goes on, look at the server's log.",
  },
  NOT_READY: {
    status: 503,
    title: 'Not ready',
    detail: 'The server is shutting down.',
    hint: 'Ask another instance, or this one later.',
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;
