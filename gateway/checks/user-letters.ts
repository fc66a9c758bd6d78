// Names of users as applications compare them that ignore case, accents, dots or a domain: `alicé`
// is `alice`, and so may `CORP\Alice` be. That two names are one so restricts, and tells; it says
// nothing of who may confirm a login.

const ASCII = /^\p{ASCII}*$/u;

export const withoutMarks = (name: string): string =>
  ASCII.test(name) ? name : name.normalize('NFKD').replace(/\p{M}/gu, '').normalize('NFC');

export const lettersOf = (name: string): string => withoutMarks(name).trim().toLowerCase();

/** Letters that Unicode takes for letters of their own, and PHP applications for others. */
const LETTERS: { readonly [letter: string]: string } = {
  Æ: 'AE',
  æ: 'ae',
  Ø: 'O',
  ø: 'o',
  Œ: 'OE',
  œ: 'oe',
  ß: 's',
  ẞ: 'S',
  Đ: 'D',
  đ: 'd',
  Ð: 'D',
  ð: 'd',
  Þ: 'TH',
  þ: 'th',
  Ł: 'L',
  ł: 'l',
  Ħ: 'H',
  ħ: 'h',
  ı: 'i',
  ĸ: 'k',
  Ŧ: 'T',
  ŧ: 't',
  Ŋ: 'N',
  ŋ: 'n',
  '€': 'E',
  '£': '',
};
const NO_ASCII = /[^\0-\x7f]/gu;

export const replaced = (text: string, letters: { readonly [letter: string]: string }): string =>
  text.normalize('NFC').replace(NO_ASCII, (letter) => letters[letter] ?? letter);

/** Letters without accents, as collations of databases compare them too. */
export const plain = (text: string): string => replaced(text.normalize('NFKD').replace(/[\p{M}\p{Cf}]/gu, ''), LETTERS);

/**
 * Nobody types a longer name, and what an application makes of one may cost more than reading it:
 * marks take quadratic time to be put in order.
 */
export const MAX_SPELLED = 512;

/**
 * Letters and digits alone, in small letters, and `ue` and `ss` as `u` and `s`: the coarsest way in
 * which applications tell names apart.
 */
export const coreOf = (name: string): string =>
  plain(name)
    .toUpperCase()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
    .replace(/([aou])e|(a)a|(s)s/g, '$1$2$3');

/**
 * What an application may look up for a name that is not too long: that, and the account in it,
 * without a domain before or behind it, or a tag.
 */
export function accountsOf(name: string): readonly string[] {
  const text = plain(name).trim();
  const account = text.replace(/^.*[\\/]/s, '');
  const [, local = account, domain = ''] = /^(.*?)(@.*)?$/s.exec(account) ?? [];
  const untagged = local.replace(/\+.*$/s, '');
  const accounts = [text, account, local, untagged, untagged + domain].map((each) => each.trim());
  return [...new Set(accounts)].filter((each) => each !== '');
}
