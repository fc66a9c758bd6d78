// Names of cookies of sessions, as any server may read what a client writes for one.
//
// Names are compared by letters and digits, so that none of the spellings that PHP, ASP.NET and
// others take for the same slips through: what is sealed is only ever missed in favour of nothing.

import { lettersOf } from '../request/reserved-names.ts';
import { urlDecode } from '../rules/functions/text.ts';
import { createWildcard, partsOf } from '../rules/wildcard.ts';

type NameTest = (name: string) => boolean;

export interface SessionNames {
  /** Whether any server may take a cookie of this name for one of a session. */
  isSession: NameTest;
  /** Whether any server may read one in a piece of the header Cookie, split at `;`. */
  isInCookie(piece: string): boolean;
  /** Whether a session may be named in a request's path or query. */
  isIn(target: string): boolean;
}

/** A server that decodes a name does so once or twice. */
const DECODINGS = 3;

/** @param patterns where `*` stands for any characters */
export function createSessionNames(patterns: readonly string[]): SessionNames {
  const plain = patterns.map(lettersOfPattern);
  const tests = plain.map(compile);
  // PHP looks for the name and an equals sign anywhere in a target.
  const ends = plain.map((pattern) => compile(pattern.startsWith('*') ? pattern : `*${pattern}`));
  const isEnd: NameTest = (name) => readingsOf(name).some((reading) => ends.some((test) => test(reading)));
  const isSession: NameTest = (name) => readingsOf(name).some((reading) => tests.some((test) => test(reading)));
  return {
    isSession,
    isInCookie: (piece) => {
      const [name = '', ...others] = piece.split('=').slice(0, -1);
      // Some servers end a cookie at a comma (RFC 2965 §3.2.2), at a space (Python), or elsewhere.
      return isSession(name) || (!PLAIN_NAME.test(name.trim()) && isEnd(name)) || others.some(isEnd);
    },
    isIn: (target) => namesIn(target, isEnd),
  };
}

function lettersOfPattern(pattern: string): string {
  const parts = partsOf(pattern);
  if (typeof parts === 'string') throw new TypeError(`the cookie name ${pattern} is malformed: ${parts}`);
  return parts.map(lettersOf).join('*').replace(/\*+/g, '*');
}

function compile(pattern: string): NameTest {
  const test = createWildcard(pattern, true);
  if (typeof test === 'string') throw new TypeError(`the cookie name ${pattern} is malformed: ${test}`);
  return test;
}

/** By letters and digits: as it came, and decoded, up to a NUL where some servers end it. */
function readingsOf(name: string): readonly string[] {
  const letters = lettersOf(name);
  if (!name.includes('%') && !name.includes('+')) return [letters];
  const readings = [letters];
  for (let i = 0, text = name; i < DECODINGS; i++) {
    text = urlDecode(text);
    readings.push(lettersOf(text), lettersOf(text.split('\0')[0] ?? ''));
  }
  return readings;
}

/** RFC 9110 §5.6.2, white space around it cut off. */
const PLAIN_NAME = /^[\w!#$%&'*+.^`|~-]*$/;

/** ASP.NET without cookies: `/(S(id))/page`. */
const IN_FOLDER = /^\((?:[A-Za-z]\([^)]*\))+\)/;

function namesIn(target: string, isEnd: NameTest): boolean {
  for (let i = 0, text = target; i <= DECODINGS; i++) {
    if (text.split('/').some((folder) => IN_FOLDER.test(folder)) || namesOf(text).some(isEnd)) return true;
    if (!text.includes('%')) return false;
    text = urlDecode(text);
  }
  return false;
}

/** What stands before an equals sign, back to anything that separates. */
const namesOf = (text: string): string[] =>
  text.split(/[?&;/,#]/).flatMap((piece) =>
    piece
      .split('=')
      .slice(0, -1)
      .filter((name) => name !== ''),
  );
