// The month in which an account last changed its password, as databases write dates.

const DATE = /^(\d{4})-(0[1-9]|1[0-2])-\d{2}(?:$|[T ])/;
const SECONDS = /^\d{9,10}(?:\.\d+)?$/;
const MILLISECONDS = /^\d{12,13}$/;

/** Not before, and not after: what else it may be is no date of a change. */
const FIRST_YEAR = 1990;
const LAST_YEAR = 2100;

const monthOf = (year: number, month: number): number | undefined =>
  year >= FIRST_YEAR && year <= LAST_YEAR ? (year - 1970) * 12 + month : undefined;

/**
 * @param text a date with or without its time (ISO 8601, or with a space), or Unix time
 * @returns months since 1970; undefined for anything else
 */
export function parseChangedMonth(text: string): number | undefined {
  const [, year, month] = DATE.exec(text) ?? [];
  if (year !== undefined && month !== undefined) return monthOf(Number(year), Number(month) - 1);
  const scale = SECONDS.test(text) ? 1000 : MILLISECONDS.test(text) ? 1 : undefined;
  if (scale === undefined) return undefined;
  const time = new Date(Number(text) * scale);
  return monthOf(time.getUTCFullYear(), time.getUTCMonth());
}
