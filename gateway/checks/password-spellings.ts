// What applications make of a password before they compare it. Whoever types a leaked one otherwise
// gets in there, so that what can be undone is undone before it is checked.

/** Characters that nobody sees, which SASLprep (RFC 4013 §2.1) and filters of input take away. */
const UNSEEN = /[\p{Cf}\p{Cc}\p{Default_Ignorable_Code_Point}]/gu;
const PLAIN = /^[!-~]*$/;
const MARKED = /[<\\&%]/;

const ENTITIES: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const trim = (text: string): string => text.trim();
/** RFC 4013: spaces are one, and compatible letters the same. */
const prepare = (text: string): string =>
  text
    .replace(UNSEEN, '')
    .replace(/\p{Zs}/gu, ' ')
    .normalize('NFKC');
const withoutTags = (text: string): string => text.replace(/<[^<>]*>/g, '');
const withoutSlashes = (text: string): string => text.replace(/\\(.)/gs, '$1');
const unescapeHtml = (text: string): string =>
  text.replace(
    /&(?:(amp|lt|gt|quot|apos)|#0{0,8}(\d{1,7})|#x0{0,8}([\da-f]{1,6}));/gi,
    (all, name: string | undefined, decimal: string | undefined, hex: string | undefined) =>
      name === undefined
        ? letterOf(all, Number.parseInt(decimal ?? hex ?? '', decimal === undefined ? 16 : 10))
        : (ENTITIES[name.toLowerCase()] ?? all),
  );
const letterOf = (all: string, code: number): string => (code > 0x10_ff_ff ? all : String.fromCodePoint(code));
/** Bytes that are no text stay as they are. */
const unescapeUrl = (text: string): string =>
  text.replace(/(?:%[\da-f]{2})+/gi, (escaped) => {
    try {
      return decodeURIComponent(escaped);
    } catch {
      return escaped;
    }
  });

const CHANGES = [trim, prepare, withoutTags, withoutSlashes, unescapeHtml, unescapeUrl];

/** Whether it is in visible ASCII, and no application changes it: also any token of a program. */
export const hasOneSpelling = (text: string): boolean => PLAIN.test(text) && !MARKED.test(text);

/**
 * @returns what was typed, and what an application may compare instead: each change alone, and all
 * of them; never an empty one
 */
export function spellingsOf(password: string): readonly string[] {
  if (hasOneSpelling(password)) return [password];
  const all = CHANGES.reduce((text, change) => change(text), password);
  const others = [...CHANGES.map((change) => change(password)), all].filter((text) => text !== '');
  return [...new Set([password, ...others])];
}
