// The paths that an application may take a request's path for.
//
// Servers decode, collapse and cut paths in different ways. A restriction applies if any reading
// matches it, a permission only if all do. What is forwarded is the path as it came.

export interface PathOptions {
  /** Windows reads `\` as `/`, ignores case and dots at the end of a name, and knows `%u002f`. */
  readonly origin: 'unix' | 'windows';
}

/** More than any honest path has. */
const MAX_READINGS = 64;
/** Of all readings together: rules look at each of them. */
const MAX_BYTES = 32_768;
/** A long path has so many all the same. */
const MIN_READINGS = 3;
/** After the name of a program, some servers take the rest of a path for its argument. */
export const PROGRAMS = String.raw`\.(?:php\d?|phtml|aspx?|ashx|jspx?|f?cgi|wsgi|pl|cfm)`;
/** A path without any of these has one reading. */
const SUSPICIOUS = new RegExp(String.raw`[%\\;]|\/[/.]|${PROGRAMS}\/`, 'i');
const SUSPICIOUS_ON_WINDOWS = new RegExp(String.raw`[A-Z%\\;:]|\/[/.]|[. ](?:\/|$)|${PROGRAMS}\/`);

const MARK = /[?#\0]/;
const ESCAPE = /%([0-9A-Fa-f]{2})/g;
const UNICODE_ESCAPE = /%u([0-9A-Fa-f]{4})/gi;
/** More bytes of UTF-8 than one for one of ASCII, which no encoder writes. RFC 3629 §3. */
const OVERLONG = /(?:[\xc0\xc1]|\xe0[\x80\x81])[\x80-\xbf]/g;
const PATH_INFO = new RegExp(String.raw`^(.*${PROGRAMS})\/.*$`, 'is');
/** Characters that separate, or begin an escape: decoding them may change what a path means. */
const isSeparating = (character: string): boolean => '/\\.;%\x7f'.includes(character) || character.charCodeAt(0) < 0x20;

type Step = (path: string) => string;

const decode: Step = (path) => path.replace(ESCAPE, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
const decodeUnicode: Step = (path) =>
  path.replace(UNICODE_ESCAPE, (all, hex: string) => {
    const code = parseInt(hex, 16);
    return code < 0x100 ? String.fromCharCode(code) : all;
  });
/** As servers that keep an encoded slash as a character of its segment. */
const decodeAllButSlashes: Step = (path) =>
  path.replace(ESCAPE, (escaped, hex: string) =>
    /^(?:2f|5c)$/i.test(hex) ? escaped : String.fromCharCode(parseInt(hex, 16)),
  );
const shortenOverlong: Step = (path) =>
  path.replace(OVERLONG, (bytes) =>
    String.fromCharCode(((bytes.charCodeAt(bytes.length - 2) & 1) << 6) | (bytes.charCodeAt(bytes.length - 1) & 0x3f)),
  );
const turnBackslashes: Step = (path) => path.replaceAll('\\', '/');
const cutParameters: Step = (path) => path.replace(/;[^/]*/g, '');
const collapseSlashes: Step = (path) => path.replace(/\/{2,}/g, '/');
const cutPathInfo: Step = (path) => path.replace(PATH_INFO, '$1');
const lowerCase: Step = (path) => path.toLowerCase();
/** `admin.`, `admin ` and `admin::$DATA` are `admin`. */
const cutDotsAndStreams: Step = (path) => path.split('/').map(cutNameEnd).join('/');
/** What was an escape may end the path for a server that reads it again. */
const cutAtMark: Step = (path) => path.slice(0, MARK.exec(path)?.index);

function cutNameEnd(segment: string): string {
  const colon = segment.indexOf(':');
  let end = colon < 0 ? segment.length : colon;
  while (end > 0 && '. '.includes(segment[end - 1] as string)) end--;
  return segment.slice(0, end);
}

/** RFC 3986 §5.2.4. A segment above the root is dropped. */
export function resolveDots(path: string): string {
  if (!path.includes('/.')) return path;
  const kept: string[] = [];
  const segments = path.split('/');
  segments.forEach((segment, i) => {
    const isLast = i === segments.length - 1;
    if (segment === '..') {
      if (kept.length > 1) kept.pop();
    } else if (segment !== '.') kept.push(segment);
    if (isLast && (segment === '.' || segment === '..')) kept.push('');
  });
  const resolved = kept.join('/');
  return resolved.startsWith('/') ? resolved : `/${resolved}`;
}

const UNIX_STEPS: readonly Step[] = [
  decode,
  decodeAllButSlashes,
  shortenOverlong,
  turnBackslashes,
  cutParameters,
  collapseSlashes,
  resolveDots,
  cutPathInfo,
  cutAtMark,
];
const WINDOWS_STEPS: readonly Step[] = [...UNIX_STEPS, decodeUnicode, cutDotsAndStreams, lowerCase];

/**
 * The readings of a path, the path as it came first: what servers make of it that take any of the
 * steps, in any order, as often as they like. Undefined if there are too many of them to judge.
 * @param path without query, each character a byte
 */
export function readingsOf(path: string, { origin }: PathOptions): readonly string[] | undefined {
  const isWindows = origin === 'windows';
  if (!(isWindows ? SUSPICIOUS_ON_WINDOWS : SUSPICIOUS).test(path)) return [path];
  const max = Math.max(MIN_READINGS, Math.min(MAX_READINGS, Math.floor(MAX_BYTES / path.length)));
  const readings = new Set([path]);
  // A set also goes through what is added meanwhile.
  for (const reading of readings) {
    for (const step of isWindows ? WINDOWS_STEPS : UNIX_STEPS) {
      const next = step(reading);
      readings.add(next.startsWith('/') ? next : `/${next}`);
    }
    if (readings.size > max) return undefined;
  }
  return [...readings];
}

/**
 * Whether readings differ in more than escapes that every server decodes alike, such as `%20` and
 * letters of other languages. A question mark in a name is no trick by itself.
 */
export function isAmbiguous(readings: readonly string[]): boolean {
  if (readings.length < 2) return false;
  const cut = new Set(readings.filter((reading) => MARK.test(reading)).map(cutAtMark));
  const [first = '', ...others] = readings.filter((reading) => !cut.has(reading)).map(decodeHarmless);
  return others.some((reading) => reading !== first);
}

/**
 * The form that a path without tricks has: harmless escapes as they are but in upper case, no
 * doubled slash and no dot segment.
 */
export function canonicalPath(path: string): string {
  const escapes = path.replace(/%([0-9A-Fa-f]{2})?/g, (escaped, hex: string | undefined) => {
    // What is decoded after it must not make an escape of it: `%2%61`.
    if (hex === undefined) return '%25';
    const character = String.fromCharCode(parseInt(hex, 16));
    return /[A-Za-z0-9_~-]/.test(character) ? character : escaped.toUpperCase();
  });
  return resolveDots(collapseSlashes(escapes));
}

/**
 * Whether a path differs from its canonical form in slashes, dots and the case of escapes alone.
 */
export function isCanonicalUnique(path: string, options: PathOptions): boolean {
  const readings = readingsOf(canonicalPath(path), options);
  return readings !== undefined && !isAmbiguous(readings);
}

function decodeHarmless(path: string): string {
  return path.replace(ESCAPE, (escaped, hex: string) => {
    const character = String.fromCharCode(parseInt(hex, 16));
    return isSeparating(character) ? escaped.toUpperCase() : character;
  });
}
