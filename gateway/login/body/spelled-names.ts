// Names of fields in every spelling that a reader of forms, multipart or JSON takes for them: for
// text that cannot be read in one way, and as a quick look at text that can.

/** What readers drop, trim or turn into an underscore, as it stands or escaped. */
const ESCAPED = String.raw`(?:[01][\da-f]|2[01bde]|5[bf]|7[ef])`;
const GAP = String.raw`(?:[\0- !+.\-_~\x7f\[]|\\(?:\r\n|[\r\n])|\xe2\x80\x8b|%${ESCAPED}|\\u00${ESCAPED})`;
/** Java and Go do not tell these from the letters. */
const LIKE: { readonly [letter: string]: readonly string[] } = { s: ['ſ'], k: ['\u212a'], i: ['ı', 'İ'] };
/** A name that no letter has. */
const NOTHING = '(?!)';

/**
 * The source of a regular expression over bytes, for the flag `i`.
 * @param names folded
 */
export function spelledNames(names: readonly string[]): string {
  const spelled = [...new Set(names)].filter((name) => name !== '').map(spelledName);
  return spelled.length === 0 ? NOTHING : `(?:${spelled.join('|')})`;
}

const spelledName = (name: string): string => [...name].map(spelledLetter).join(`${GAP}{0,4}`);

function spelledLetter(letter: string): string {
  const letters = [letter, letter.toUpperCase(), ...(LIKE[letter] ?? [])];
  const forms = [...new Set(letters)].flatMap((each) => [
    String.raw`\\?${hexed('\\x', Buffer.from(each))}`,
    hexed('%', Buffer.from(each)),
    ...formsOfCode(each.charCodeAt(0), each.length),
  ]);
  return `(?:${[...new Set(forms)].join('|')})`;
}

function formsOfCode(code: number, units: number): readonly string[] {
  // Two of them are one character, which no reader escapes in another way than as UTF-8.
  if (units > 1) return [];
  const hex = code.toString(16);
  const short = [
    String.raw`\\x${hex.padStart(2, '0')}`,
    ...(code < 0x80 ? [String.raw`\\${code.toString(8)}`] : [`\\x${hex}`, `%${hex}`]),
  ];
  return [
    String.raw`(?:\\|%)u${hex.padStart(4, '0')}`,
    String.raw`\\u\{0{0,8}${hex}\}`,
    ...(code < 0x100 ? short : []),
  ];
}

const hexed = (prefix: string, bytes: Buffer): string =>
  [...bytes].map((byte) => `${prefix}${byte.toString(16).padStart(2, '0')}`).join('');
