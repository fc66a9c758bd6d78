// Lines that begin SQL, so that no other format takes them for its own.

/** Statements that hold rows, or define the columns of rows. */
const WITH_ROWS = [
  String.raw`(?:INSERT|REPLACE|UPSERT)\s+(?:\w+\s+){0,3}INTO\s+\S`,
  String.raw`INSERT\s+(?:\w+\s+)?\S+\s*(?:\(|VALUES?\b)`,
  String.raw`INSERT\s+ALL\s*$`,
  String.raw`INTO\s+\S+\s*\(.*\bVALUES\b`,
  String.raw`CREATE\s+TABLE\b`,
  String.raw`COPY\s+\S+.*\bFROM\s+stdin`,
  'PRAGMA foreign_keys',
  'BEGIN TRANSACTION',
];
/** Statements without. */
const OTHERS = [
  String.raw`MERGE\s+(?:INTO\s+)?\S+.*\sUSING\s`,
  String.raw`UPDATE\s+\S+\s+SET\s`,
  String.raw`DELETE\s+FROM\s`,
  String.raw`SELECT\s.*\sFROM\s`,
  String.raw`SELECT\s+'`,
  String.raw`(?:CREATE|ALTER|DROP)\s+(?:TABLE|USER|LOGIN|ROLE|DATABASE|INDEX|VIEW|SEQUENCE)\b`,
  String.raw`GRANT\s.*\sTO\s`,
  String.raw`VALUES\s*\(`,
  String.raw`EXEC(?:UTE)?\s+\S+\s.*'`,
  String.raw`(?:UN)?LOCK\s+TABLES\b`,
];
const begins = (statements: readonly string[]): RegExp => new RegExp(`^\\s*(?:${statements.join('|')})`, 'i');
const STATEMENT = begins(WITH_ROWS);
const ANY = begins([...WITH_ROWS, ...OTHERS]);
const TUPLE = /^\s*\(\s*(?:N?'|(?:NULL|-?\d+)\s*,).*\)\s*[,;]?\s*$/i;
const MAX_LENGTH = 500;

/** Whether a line begins a statement that holds rows. */
export const isStatement = (line: string): boolean => STATEMENT.test(line.slice(0, MAX_LENGTH));

export const isSql = (line: string): boolean => ANY.test(line.slice(0, MAX_LENGTH));

/** Whether a line is a row without its statement: `(1, 'ann', '…'),`. */
export const isTuple = (line: string): boolean => TUPLE.test(line);

/** What begins a part of a table's definition that is no column. */
export const CONSTRAINTS = new Set(
  'primary key unique constraint index fulltext spatial foreign check period exclude like'.split(' '),
);
