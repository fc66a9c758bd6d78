// What a program or a person writes beside the rows of a table or a list: a sum, a date, the end.

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** What a remark begins with. */
const FIRST = words(`
  total totals subtotal grand sum sums count counted rows records entries lines results accounts end eof exported
  generated created downloaded printed page report summary source selected average confidential copyright powered
  summe gesamt gesamtzahl insgesamt anzahl zeilen ende exportiert erstellt seite somme nombre lignes fin exporté
  suma totale totali righe fine esportato registros filas exportado página итого всего строк записей конец razem
  ogółem wiersze koniec celkem toplam satır totaal aantal antal totalt yhteensä összesen
  合计 总计 共计 总数 结束 合計 総計 件数 終了 합계 총계 총
`);
/** What a number counts in front of it. */
const COUNTED = words(`
  row rows record records entry entries line lines result results account accounts user users item items
  zeile zeilen datensätze einträge ligne lignes righe filas registros строк строки записей wierszy řádků satır 行 件 条
`);
/** What programs count that test logins. */
const TESTED = words(`
  total totals valid invalid hits hit free custom customs bad good checked retries retry cpm combos threads errors
  fails failed expired elapsed time progress remaining proxies duplicates unique lines
`);
/** What names a value in the same line. */
const LABELS = words(`
  username user login email mail password pass passwd url host hostname domain site application soft browser profile
`);
/** Words that begin a notice. */
export const NOTICE_WORDS: readonly string[] = [...new Set([...FIRST, ...TESTED, ...LABELS])];
/** Of a number, and what it is of: on longer texts these expressions take quadratic time. */
const MAX_SUM = 256;
const TALLY = /^[\d.,:%/ ]*\d[\d.,:%/ ]*$/;
/** A URL, or the sign of a copyright. */
const NOTICE = /^\s*(?:https?:\/\/|©)/i;
/** Words of a sentence, among logins that are addresses. */
const MANY = 3;
const MAX_WORD = 24;
const BLANK = 0x20;
const AT = 0x40;
const WORD = /[\p{L}\p{N}]+/gu;
const NUMBER = /^[\s(]*[\d.,'\u00a0\u202f ]*\d[\s)]*$/;
/** A sum that stands in one cell with what it is of. */
const LABELLED = /^\s*[\p{L} ]+[:=]? *[\d.,]+\s*$/u;
const FORMULA = /^\s*=\w*\(/;
/** The count may or may not have the header, and the rows that were rejected. */
const NEAR = 2;
/** Of fewer rows, a number is near by chance. */
const MIN_ROWS = 10;

/** The first two bytes of these words. */
const STARTS = new Set([...FIRST, 'http'].map((word) => Buffer.from(word)).map(([a = 0, b = 0]) => a * 256 + b));
const isLetter = (byte: number): boolean => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;

/** Whether a cell may begin a remark, by its first bytes. */
export function mayBeginRemark(cell: Buffer): boolean {
  const a = cell[0] ?? 0;
  const b = cell[1] ?? 0;
  return !isLetter(a) || STARTS.has((a | 0x20) * 256 + (b | 0x20)) || hasBlank(cell);
}

/** Whether a word ends early, without an at sign before it. */
function hasBlank(cell: Buffer): boolean {
  for (let i = 0; i < cell.length && i < MAX_WORD; i++) {
    if (cell[i] === AT) return false;
    if (cell[i] === BLANK) return true;
  }
  return false;
}

/** What stands above a row. */
export interface Above {
  readonly rows: number;
  /** Whether the logins are e-mail addresses. */
  readonly areAddresses: boolean;
}

/**
 * Whether a row is unlike those above it, as a title, a sum or a notice is. One that has an
 * address, or a login of one word as they have, is a credential.
 * @param logins the cells for them
 * @param first the first cell of the row
 */
export function isRemark(logins: readonly string[], first: string, secret: string, above: Above): boolean {
  const login = logins.find((text) => text.trim() !== '');
  if (login === undefined) return isSum(first, secret, above);
  if (logins.some((text) => text.includes('@'))) return false;
  const found = login.toLowerCase().match(WORD) ?? [];
  const [word = '', next] = found;
  if (word === '' || NOTICE.test(login)) return true;
  const isSpaced = /\s/.test(login.trim());
  const isFirst = FIRST.has(word);
  if (isSpaced && /^\d+$/.test(word) && next !== undefined && COUNTED.has(next)) return true;
  if (isFirst && (isSpaced || login.trimEnd().endsWith(':') || FORMULA.test(secret))) return true;
  const isWord = isFirst && found.length === 1;
  if (!above.areAddresses) return isWord && isCount(secret, above);
  return isWord || /^\s/.test(secret) || (isSpaced && found.length >= MANY);
}

/**
 * Whether a pair is what was written beside a list, whatever its usernames are: `Total: 20`,
 * `Password: x`, `Valid:17`.
 */
export function isNotice(username: string, secret: string): boolean {
  const [word = ''] = username.toLowerCase().match(WORD) ?? [];
  if (/^\s/.test(secret)) return FIRST.has(word) || TESTED.has(word) || LABELS.has(word);
  return /^\p{Lu}/u.test(username) && TESTED.has(username.toLowerCase()) && isShort(secret) && TALLY.test(secret);
}

const isShort = (text: string): boolean => text.length <= MAX_SUM;

/** Of a row without a login: a number, or what it is of. */
function isSum(first: string, secret: string, above: Above): boolean {
  if (isShort(secret) && LABELLED.test(secret) && beginsRemark(secret)) return first.trim() === '' || first === secret;
  return isCount(secret, above) && (first.trim() === '' || first === secret || beginsRemark(first));
}

const isCount = (text: string, { rows }: Above): boolean =>
  rows >= MIN_ROWS && isShort(text) && NUMBER.test(text) && Math.abs(Number(text.replace(/\D/g, '')) - rows) <= NEAR;

const beginsRemark = (text: string): boolean => FIRST.has(text.toLowerCase().match(WORD)?.[0] ?? '');
