// What applications make of a username before they look it up, as their sources have it: many
// spellings are one user there. A preset names the spelling of its application.

import { domainToASCII } from 'node:url';
import { MAX_SPELLED, plain, replaced } from '../checks/user-letters.ts';
import { trimmed } from './body/texts.ts';

export interface Spelling {
  /**
   * The names that the application may look up for one that was typed; undefined if only its own
   * parser could tell.
   */
  names(typed: string): readonly string[] | undefined;
  /** What is left of a password that a program sends. */
  programPasswords?(typed: string): readonly string[];
}

type Letters = { readonly [letter: string]: string };

const GERMAN: Letters = { Ä: 'Ae', ä: 'ae', Ö: 'Oe', ö: 'oe', Ü: 'Ue', ü: 'ue', ß: 'ss' };
const DANISH: Letters = { Æ: 'Ae', æ: 'ae', Ø: 'Oe', ø: 'oe', Å: 'Aa', å: 'aa' };
const SERBIAN: Letters = { Đ: 'DJ', đ: 'dj' };

/** Case is no matter: names are compared without it. */
const mysql = (typed: string): readonly string[] => [plain(typed)];

/** strip_tags has a parser of its own, which no name of a user needs. */
const withoutTags =
  (names: Spelling['names']): Spelling['names'] =>
  (typed) =>
    typed.includes('<') ? undefined : names(typed);

/** `/&.+?;/` in a line, without its quadratic time. */
function withoutEntities(line: string): string {
  let kept = '';
  let at = 0;
  for (;;) {
    const start = line.indexOf('&', at);
    const end = start < 0 ? -1 : line.indexOf(';', start + 2);
    if (end < 0) return kept + line.slice(at);
    kept += line.slice(at, start);
    at = end + 1;
  }
}

/** sanitize_user of wp-includes/formatting.php, which a login calls twice. */
function wordpress(typed: string): readonly string[] {
  const sanitize = (name: string): string =>
    trimmed(
      plain(name)
        .replace(/%[\da-f]{2}/gi, '')
        .split('\n')
        .map(withoutEntities)
        .join('\n'),
    ).replace(/\s+/g, ' ');
  return [{}, GERMAN, DANISH, SERBIAN].flatMap((letters) => {
    const once = sanitize(replaced(typed, letters));
    return [once, sanitize(once)];
  });
}

/**
 * splitTitleString of includes/title/MediaWikiTitleCodec.php; a bot is a user with `@` and a name.
 */
function mediawiki(typed: string): readonly string[] | undefined {
  if (/&#?\w+;/.test(typed)) return undefined;
  const name = typed
    .replace(/[\u200e\u200f\u202a-\u202e]/g, '')
    .replace(/[ _\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g, ' ')
    .replace(/^.*:/s, '');
  return [name.trim(), name.replace(/@.*$/s, '').trim()];
}

/** cleanUser of lib/plugins/authplain/auth.php and cleanID of inc/pageutils.php. */
function dokuwiki(typed: string): readonly string[] {
  const clean = (name: string): string =>
    trimmed(
      name
        .toLowerCase()
        .replace(/[^\p{L}\p{M}\p{N}._-]/gu, '_')
        .replace(/_+/g, '_'),
      '._-',
    );
  const name = trimmed(typed);
  return [clean(name), clean(plain(replaced(name, GERMAN))), clean(plain(name))];
}

/** Of addresses, parse_user_email and idn_to_ascii of rcube_utils. */
function roundcube(typed: string): readonly string[] {
  const [, user = '', host = ''] = /^([^@]+)@([^@]+)$/s.exec(typed) ?? [];
  const ascii = domainToASCII(host);
  return ascii === '' ? [] : [`${user}@${ascii}`];
}

/** The name of an account behind its domain. */
const windows = (typed: string): readonly string[] => [plain(typed.replace(/^.*[\\/]/s, ''))];

export const SPELLINGS = {
  wordpress: {
    names: withoutTags(wordpress),
    // wp_authenticate_application_password of wp-includes/user.php.
    programPasswords: (typed: string) => [typed.replace(/[^a-z\d]/gi, '')],
  },
  mediawiki: { names: mediawiki },
  dokuwiki: { names: dokuwiki },
  /** The filter USERNAME of libraries/src/Filter/InputFilter.php. */
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the filter has them
  joomla: { names: (typed: string) => [plain(typed.replace(/[\0-\x1f\x7f<>"'%&]/g, ''))] },
  roundcube: { names: withoutTags(roundcube) },
  mysql: { names: mysql },
  windows: { names: windows },
} satisfies { readonly [name: string]: Spelling };

export type SpellingName = keyof typeof SPELLINGS;

/**
 * @returns what was typed, and what applications make of it; `isTold` unless one of them alone
 * knows, or a name is too long to ask
 */
export function spelled(
  typed: readonly string[],
  spellings: readonly Spelling[],
): { readonly names: readonly string[]; readonly isTold: boolean } {
  const made = spellings.flatMap(({ names }) =>
    typed.map((name) => (name.length > MAX_SPELLED ? undefined : names(name))),
  );
  const names = [...typed, ...made.flatMap((some) => some ?? [])];
  return {
    names: [...new Set(names)].filter((name) => name !== '' || typed.includes('')),
    isTold: !made.includes(undefined),
  };
}
