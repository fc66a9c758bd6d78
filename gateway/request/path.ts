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
/** A path without any of these has one reading. */
const SUSPICIOUS = /[%\\;]|\/[/.]|\.(?:php\d?|phtml|aspx?|ashx|jspx?|cgi|pl|cfm)\//i;
const SUSPICIOUS_ON_WINDOWS = /[A-Z%\\;:]|\/[/.]|[. ](?:\/|$)|\.(?:php\d?|aspx?|ashx|cgi)\//;

const ESCAPE = /%([0-9A-Fa-f]{2})/g;
const UNICODE_ESCAPE = /%u([0-9A-Fa-f]{4})/gi;
/** Two bytes of UTF-8 for one of ASCII, which no encoder writes. RFC 3629 §3. */
const OVERLONG = /([\xc0\xc1])([\x80-\xbf])/g;
const PATH_INFO = /^(.*?\.(?:php\d?|phtml|aspx?|ashx|jspx?|cgi|pl|cfm))\/.*$/i;
/** Characters that separate, or begin an escape: decoding them may change what a path means. */
const isSeparating = (character: string): boolean => '/\\.;%\x7f'.includes(character) || character.charCodeAt(0) < 0x20;

type Step = (path: string) => string;

const decode: Step = (path) => path.replace(ESCAPE, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
const decodeUnicode: Step = (path) =>
  path.replace(UNICODE_ESCAPE, (all, hex: string) => {
    const code = parseInt(hex, 16);
    return code < 0x100 ? String.fromCharCode(code) : all;
  });
const shortenOverlong: Step = (path) =>
  path.replace(OVERLONG, (_, first: string, second: string) =>
    String.fromCharCode(((first.charCodeAt(0) & 0x1f) << 6) | (second.charCodeAt(0) & 0x3f)),
  );
const turnBackslashes: Step = (path) => path.replaceAll('\\', '/');
const cutParameters: Step = (path) => path.replace(/;[^/]*/g, '');
const collapseSlashes: Step = (path) => path.replace(/\/{2,}/g, '/');
const cutPathInfo: Step = (path) => path.replace(PATH_INFO, '$1');
const lowerCase: Step = (path) => path.toLowerCase();
const cutDotsAndStreams: Step = (path) => path.replace(/(?:[. ]+|::?[^/]*)(?=\/|$)/g, '');

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
  decode,
  shortenOverlong,
  turnBackslashes,
  cutParameters,
  collapseSlashes,
  resolveDots,
  cutPathInfo,
];
const WINDOWS_STEPS: readonly Step[] = [
  decodeUnicode,
  decode,
  decode,
  shortenOverlong,
  turnBackslashes,
  cutParameters,
  collapseSlashes,
  resolveDots,
  cutDotsAndStreams,
  cutPathInfo,
  lowerCase,
];

/**
 * The readings of a path, the path as it came first. Undefined if there are too many of them to
 * judge.
 * @param path without query, each character a byte
 */
export function readingsOf(path: string, { origin }: PathOptions): readonly string[] | undefined {
  const isWindows = origin === 'windows';
  if (!(isWindows ? SUSPICIOUS_ON_WINDOWS : SUSPICIOUS).test(path)) return [path];
  const readings = new Set([path]);
  for (const step of isWindows ? WINDOWS_STEPS : UNIX_STEPS) {
    for (const reading of [...readings]) {
      const next = step(reading);
      readings.add(next.startsWith('/') ? next : `/${next}`);
    }
    if (readings.size > MAX_READINGS) return undefined;
  }
  return [...readings];
}

/**
 * Whether readings differ in more than escapes that every server decodes alike, such as `%20` and
 * letters of other languages.
 */
export function isAmbiguous(readings: readonly string[]): boolean {
  if (readings.length < 2) return false;
  const [first = '', ...others] = readings.map(decodeHarmless);
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
