// Names of users as databases compare them that ignore case and accents: `alicé` is `alice`. That
// two names are one so restricts, and tells; it says nothing of who may confirm a login.

const ASCII = /^\p{ASCII}*$/u;

export const withoutMarks = (name: string): string =>
  ASCII.test(name) ? name : name.normalize('NFKD').replace(/\p{M}/gu, '').normalize('NFC');

export const lettersOf = (name: string): string => withoutMarks(name).trim().toLowerCase();

export const isSameInLetters = (a: string, b: string): boolean => lettersOf(a) === lettersOf(b);
