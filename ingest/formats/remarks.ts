// What a program or a person writes below a table or a list: a sum, a date, the end.

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

/**
 * Whether a row is likely one of these, if it ends the table: other rows have a login there.
 * @param first its login, or its first cell where that is empty
 * @param rows that stand above
 * @param areAddresses whether the logins of those are e-mail addresses
 */
export function isRemark(first: string, secret: string, rows: number, areAddresses: boolean): boolean {
  const isNear = (text: string): boolean => Math.abs(Number(text.replace(/\D/g, '')) - rows) <= NEAR;
  if (first.trim() === '') return NUMBER.test(secret) ? isNear(secret) : LABELLED.test(secret) && beginsRemark(secret);
  const found = first.toLowerCase().match(WORD) ?? [];
  const [word = '', next] = found;
  if (word === '' || NOTICE.test(first)) return true;
  if (areAddresses && found.length >= MANY && /\s/.test(first.trim())) return true;
  if (!FIRST.has(word)) return next !== undefined && COUNTED.has(next) && /^\d+$/.test(word);
  if (found.length > 1 || /:\s*$/.test(first)) return true;
  if (FORMULA.test(secret) || secret.trim().toLowerCase() === word) return true;
  return NUMBER.test(secret) && (areAddresses || isNear(secret));
}

const beginsRemark = (text: string): boolean => FIRST.has(text.toLowerCase().match(WORD)?.[0] ?? '');
