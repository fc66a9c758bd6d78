// Random fields of lines that normalization, case folding, trimming or parsing treats in its own
// way.

import type { Random } from '../../support/random.ts';

const WORDS = [
  'a Z 1 pw Summer23 ana@example.test é e\u0301 a\u0323\u0307 a\u0307\u0323 \u0301 \u0345 ﬁ ﬀ Ａ ｱﾞ',
  '① ² ㎏ İ ı ß ẞ K Å Ω ſ Σ ΑΣ ς Ǆ ŉ ΐ пароль Й и\u0306 ё 한글 \u1112\u1161\u11ab 가\u11a8 が か\u3099 豈',
  '豈 密码 สวัสดี नमस्ते क\u093c שלום שָ مرحبا آ ا\u0653 😀 👍🏽 👨\u200d👩 🇩🇪 \u{1d15e} \u{2f800}',
  '\u{10ffff} \u{16d67}\u{16d67} \ufffd \ufffe \u0340 \u0374 \u037e \u0387 \u2000 \u2126 \u2329',
  '\u0958 \u0897 \u00a0 \u1680 \u2003 \u2009 \u2028 \u202f \u205f \u3000 \ufeff \u0085 \u200b',
  '\u180e \0 \r \v \f \x1c \x7f \x1b $ $H $HEX[ $HEX[c3a9] $HEX[e9] $HEX[65cc81] (null) <é> //',
  'http://host.test/ \u212a \u212b \uf900 \u1e9e \u017f \u0130',
].flatMap((line) => line.split(' '));
const PIECES = [
  ...WORDS,
  ' ',
  '\t',
  '  ',
  '[NOT SAVED]',
  `$2b$12$${'aB3./'.repeat(11).slice(0, 53)}`,
  `argon2$${'é'.repeat(40)}`,
  '# ',
].map((text) => Buffer.from(text));
/** Bytes that are not UTF-8: of windows-1252, overlong, surrogates, cut off, beyond Unicode. */
const BYTES = 'e9 e4f6fc 80 8199 9d a0 ff c3 c0af e08080 eda080 edb080 f0808080 f4908080 f09f98 e282 efbb efbbbf'
  .split(' ')
  .map((hex) => Buffer.from(hex, 'hex'));

export function randomField(random: Random): Buffer {
  const count = random.below(random.below(8) === 0 ? 40 : 4);
  const usual = random.below(3);
  return Buffer.concat(
    Array.from({ length: count }, () => {
      if (usual === 0) return Buffer.from('aB9'.charAt(random.below(3)));
      if (usual === 1 && random.below(3) > 0) return Buffer.from(random.pick(['é', 'п', 'Ж', '密', 'a', 'ü', '1']));
      return random.below(6) === 0 ? random.pick(BYTES) : random.pick(PIECES);
    }),
  );
}
