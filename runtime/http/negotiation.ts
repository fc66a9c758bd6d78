// What Accept, Accept-Encoding, If-None-Match and If-Modified-Since ask for: RFC 9110 §12.5.1,
// §12.5.3, §13.1.2, §13.1.3.

/**
 * True where text/plain is named itself and application/octet-stream is not preferred to it.
 * Ranges such as star/star select the bytes, which every program wants.
 */
export function prefersText(accept: string | undefined): boolean {
  if (accept === undefined || accept === '*/*' || !accept.toLowerCase().includes('text/plain')) return false;
  return quality(accept, 'text/plain') > quality(accept, 'application/octet-stream');
}

function quality(accept: string, mediaType: string): number {
  for (const range of accept.toLowerCase().split(',')) {
    const [type, ...parameters] = range.split(';').map((part) => part.trim());
    if (type !== mediaType) continue;
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    return weight === undefined ? 1 : Number(weight.slice(2)) || 0;
  }
  return 0;
}

/**
 * Compares weakly: RFC 9110 §13.1.2. A malformed list matches nothing: the whole body is
 * sent.
 */
export function isNotModified(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch === etag || ifNoneMatch.trim() === '*') return true;
  return ifNoneMatch.split(',').some((listed) => listed.trim().replace(/^W\//, '') === etag);
}

/** What HTTP calls a date, but for the form of asctime, whose time zone is anybody's guess. */
const HTTP_DATE = /^[A-Z][a-z]{2,8}, .{1,24} GMT$/;

/** RFC 9110 §13.1.3: an invalid date is ignored. Dates have whole seconds. */
export function isUnmodifiedSince(ifModifiedSince: string | undefined, modifiedAt: Date): boolean {
  if (ifModifiedSince === undefined || !HTTP_DATE.test(ifModifiedSince)) return false;
  return Math.floor(modifiedAt.getTime() / 1000) * 1000 <= Date.parse(ifModifiedSince);
}

export type ContentCoding = 'identity' | 'br' | 'gzip';

/**
 * The coding that weighs most; of equals br before gzip before none. Where nothing is acceptable,
 * none: a client that cannot read it is no worse off than with an error.
 */
export function preferredCoding(acceptEncoding: string | undefined): ContentCoding {
  if (acceptEncoding === undefined) return 'identity';
  const weights = new Map<string, number>();
  for (const listed of acceptEncoding.toLowerCase().split(',')) {
    const [coding = '', ...parameters] = listed.split(';').map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    weights.set(coding.replace(/^x-/, ''), weight === undefined ? 1 : Number(weight.slice(2)) || 0);
  }
  const others = weights.get('*') ?? 0;
  const [br, gzip] = [weights.get('br') ?? others, weights.get('gzip') ?? others];
  const best = Math.max(br, gzip);
  if (best === 0 || best < (weights.get('identity') ?? 0)) return 'identity';
  return br === best ? 'br' : 'gzip';
}

/** From `start` to before `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const ONE_RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/i;

/**
 * Undefined if the whole body is sent: the range is missing or malformed, there are several, or
 * If-Range does not match. `unsatisfiable` if the range contains no byte of the body.
 * @param etag a strong one
 */
export function requestedRange(
  range: string | undefined,
  ifRange: string | undefined,
  etag: string,
  bytes: number,
): ByteRange | 'unsatisfiable' | undefined {
  // A date in If-Range fits nothing either: answers have no Last-Modified.
  if (range === undefined || (ifRange !== undefined && ifRange !== etag)) return undefined;
  const [, first = '', last = ''] = ONE_RANGE.exec(range) ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '')
    return Number(last) === 0 ? 'unsatisfiable' : { start: Math.max(0, bytes - Number(last)), end: bytes };
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= bytes) return 'unsatisfiable';
  return { start, end: last === '' ? bytes : Math.min(bytes, Number(last) + 1) };
}
