// Lines of stealer logs with a URL, a username and a password. Each line is read by its own shape:
// the URL first or last, or a pair without one.

import type { Credential } from '../../../store/run/credential-records.ts';
import { decodeHexNotation } from '../../input/text.ts';
import type { RejectReason } from '../../rejects.ts';
import type { CorpusFormat, FormatModule, FormatOptions, LineRules } from '../format.ts';
import { isAddress, isComment, lineFormat, startsWithScheme, trailingUrl } from '../line-parser.ts';
import { splitPair, urlEnd } from './pairs.ts';

/**
 * Reads `url:user:pass`, `user:pass:url` and `user:pass`, with any separator in place of colons.
 */
export function urlLineRules(separator: string): LineRules {
  return { parseLine: (line) => parseLine(line.trimStart(), separator) };
}

function parseLine(line: string, separator: string): Credential | RejectReason {
  if (line.trim() === '') return 'blank';
  if (isComment(line)) return 'comment';
  if (startsWithScheme(line)) return afterUrl(line, separator);
  const server = SERVER.exec(line)?.[0].length ?? 0;
  if (server > 0) return splitFields(line.slice(server), separator);
  const last = trailingUrl(line, separator);
  if (last !== -1) return splitFields(line.slice(0, last - separator.length), separator);
  if (isBareUrl(line, separator)) return afterUrl(line, separator);
  return splitFields(line, separator);
}

function afterUrl(line: string, separator: string): Credential | RejectReason {
  if (separator === ':') {
    let end = urlEnd(line.length, (at) => line.charCodeAt(at));
    if (end === -1) return 'no-separator';
    // A colon in the path: an address follows what would be the username.
    const next = line.indexOf(':', end + 1);
    const after = line.indexOf(':', next + 1);
    const isPath = next !== -1 && after !== -1 && line.slice(end, next).includes('/');
    if (isPath && isAddress(line.slice(next + 1, after))) end = next;
    return splitPair(line, end + 1, ':');
  }
  const end = line.indexOf(separator);
  if (end === -1) return 'no-separator';
  return splitFields(line.slice(end + separator.length), separator);
}

/** A username and a password, which a colon may separate where blanks or bars separate the URL. */
function splitFields(text: string, separator: string): Credential | RejectReason {
  const fields = separator.trim() === '' ? text.trimStart() : text;
  const at = fields.indexOf(separator);
  const colon = fields.indexOf(':');
  const isColon = colon !== -1 && (at === -1 || (separator.trim() === '' && colon < at));
  const end = isColon ? colon : at;
  if (end === -1) return 'no-separator';
  const username = fields.slice(0, end);
  if (username.trim() === '') return 'empty-username';
  const password = decodeHexNotation(fields.slice(end + (isColon ? 1 : separator.length)));
  return password === '' ? 'empty-password' : { username, password, times: 1 };
}

/** A server that the username stands behind. */
const SERVER = /^\d{1,3}(?:\.\d{1,3}){3}:\d{1,5}@/;
const HOST = /^[a-z0-9][a-z0-9.-]*$/i;
const PORT = /^:\d{1,5}$/;

/** A host without a scheme: with a path or a port, or a name with dots before two more fields. */
function isBareUrl(line: string, separator: string): boolean {
  const end = line.indexOf(separator);
  if (end <= 0) return false;
  const slash = line.indexOf('/');
  const hasPath = slash > 0 && slash < end;
  const colon = line.indexOf(':');
  const hostEnd = Math.min(...[slash, colon, end].filter((at) => at > 0));
  const host = line.slice(0, hostEnd);
  if (!HOST.test(host) || !(host.includes('.') || host === 'localhost')) return false;
  if (separator !== ':' && hostEnd === colon && !PORT.test(line.slice(colon, hasPath ? slash : end))) return false;
  return hasPath || line.indexOf(separator, end + separator.length) !== -1;
}

/** Whether a line has a URL at its start or end. */
export const hasUrl = (line: string, separator: string): boolean =>
  startsWithScheme(line) || SERVER.test(line) || trailingUrl(line, separator) !== -1 || isBareUrl(line, separator);

export function urlFormatOf(options: FormatOptions): CorpusFormat {
  return lineFormat('url-user-pass', ['account', 'password'], urlLineRules(options.separator ?? ':'), options);
}

/** What `--format url-user-pass` names. Recognition of pairs finds lists with URLs too. */
export const urlModule: FormatModule = {
  names: ['url-user-pass'],
  takes: ['separator'],
  create: (_name, options) => urlFormatOf(options),
  recognise: () => undefined,
};
