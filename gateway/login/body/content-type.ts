// How the content type of a request says that its body is encoded.

/** `text`: no type, a type of texts, or one that may be read as that of forms or JSON. */
export type BodyKind = 'form' | 'multipart' | 'json' | 'xml' | 'text' | 'other';

const TYPE = /^([\w.+-]+\/[\w.+-]+)((?:[ \t]*;[ \t]*[\w-]+=(?:[\w.+-]+|"[^"\\]*"))*)$/;
const CHARSET = /;[ \t]*charset="?([^";]*)/gi;
/** Of others some servers know what they are, and some do not. */
const CHARSETS: ReadonlySet<string> = new Set(['utf-8', 'utf8', 'us-ascii']);
/** A value that is not ASCII has a reading in each of these anyway. */
const OF_FORMS: ReadonlySet<string> = new Set([...CHARSETS, 'iso-8859-1', 'windows-1252']);

export interface ContentType {
  readonly kind: BodyKind;
  readonly problem?: string | undefined;
  /** Servers may decode it in different ways, whatever type they take it for. */
  readonly charsetProblem?: string | undefined;
}

/** @param header the value of Content-Type; undefined if there is none */
export function readContentType(header: string | undefined): ContentType {
  if (header === undefined) return { kind: 'text', problem: 'it has no content type' };
  const kind = kindOf(header);
  // The reader of multipart forms looks at the boundary.
  if (kind === 'multipart') return { kind };
  const charsets = [...header.matchAll(CHARSET)].map(([, charset = '']) => charset.toLowerCase());
  const known = kind === 'form' || kind === 'text' ? OF_FORMS : CHARSETS;
  const isKnown = charsets.length <= 1 && charsets.every((charset) => known.has(charset));
  const charsetProblem = isKnown ? undefined : 'its charset is not UTF-8';
  if (!TYPE.test(header)) return { kind, charsetProblem, problem: 'its content type is malformed' };
  const isUnknown = kind === 'text' || kind === 'other';
  return { kind, charsetProblem, problem: charsetProblem ?? (isUnknown ? 'its content type is unknown' : undefined) };
}

/** Whether ASCII, and so the names of fields, may stand in the body as other bytes than its own. */
export function hidesNames(header = ''): boolean {
  return [...header.matchAll(ANY_CHARSET)].some(([, charset = '']) => charset !== '' && !keepsNames(charset));
}

const ANY_CHARSET = /charset\s*=\s*["']?([^"';,\s]*)/gi;

/** Labels of the Encoding Standard; UTF-16 has zeros between the letters. */
function keepsNames(charset: string): boolean {
  try {
    return new TextDecoder(charset).encoding !== 'iso-2022-jp';
  } catch {
    return false;
  }
}

/** As the most lenient server takes it. */
function kindOf(header: string): BodyKind {
  const lower = header.toLowerCase();
  if (lower.includes('multipart/')) return 'multipart';
  if (lower.includes('x-www-form-urlencoded')) return 'form';
  if (/[/+]json\b/.test(lower)) return 'json';
  if (/[/+]xml\b/.test(lower)) return 'xml';
  return /^\s*text\/|json|form/.test(lower) || !/^\s*[\w.+-]+\/[\w.+-]+\s*(?:;|$)/.test(lower) ? 'text' : 'other';
}
