// Blocks of response headers, prepared once, and the rules for Cache-Control.

/** Header names and values in turn: the form that `writeHead` takes without merging. */
export type HeaderBlock = readonly string[];

/** Builds a block from an object of names and values. */
export const headerBlock = (headers: { readonly [name: string]: string }): HeaderBlock =>
  Object.entries(headers).flat();

/** Sent with every response. Which origins may read it is decided per request: browser-gate.ts. */
export const SHARED_HEADERS = headerBlock({
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Access-Control-Expose-Headers': 'Content-Range, Credveil-Snapshot, ETag, RateLimit, RateLimit-Policy, Retry-After',
});

/** Sent with data: a browser that opens it runs nothing, loads nothing and shows it in no frame. */
export const DATA_HEADERS: HeaderBlock = [
  ...SHARED_HEADERS,
  ...headerBlock({ 'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'" }),
];

/** A Cache-Control value for anonymous requests, and one for authenticated clients. */
export interface CacheRule {
  readonly anonymous: string;
  /** A shared cache must not hand one client's response to others. */
  readonly client: string;
}

const same = (directives: string): CacheRule => ({ anonymous: directives, client: directives });
const shared = (directives: string): CacheRule => ({
  anonymous: `public, ${directives}`,
  client: `private, ${directives}`,
});

/** By name, as routes refer to them. */
export const CACHE_RULES = {
  never: same('no-store'),
  /** Kept, and revalidated by ETag before each use. */
  revalidate: shared('no-cache'),
  /** The same for bytes whose length must not change on the way. */
  revalidateExact: shared('no-cache, no-transform'),
  /**
   * For a URL that names its snapshot, which never changes. A week: what was withdrawn should leave
   * caches, too.
   */
  pinned: shared('max-age=604800, immutable, no-transform'),
  /** For the head, which is renewed now and then. */
  brief: shared('max-age=30'),
  /** For a page: the document of one user's browser. */
  page: same('no-cache'),
  /** For a file with its digest in the path. */
  immutable: same('public, max-age=31536000, immutable'),
} as const satisfies { readonly [name: string]: CacheRule };
