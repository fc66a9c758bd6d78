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

/** What a line may begin with, between statements and in the bodies of functions. */
const KEYWORDS = new Set(
  `add alter analyze as begin call case checkpoint close comment commit connect constraint copy create cursor
  database declare define delete delimiter desc describe discard do drop each else elseif elsif end exec execute exit
  explain fetch flush for from function go grant if import in insert into is key language let load lock loop merge
  new no null object old on open option optimize or owner partition perform pragma prepare primary print procedure
  prompt quit raise raiserror refresh reindex release rem remark rename repair replace reset resignal return returning
  returns revoke rollback rows savepoint security select set show signal sp_rename spool start table then trigger
  truncate try unlock update upsert use using vacuum values value view when whenever where while with`.split(/\s+/),
);

/**
 * @param word that begins a line, in lower case; variables begin with a sign
 * @param isBetween whether it stands between statements: within one there may be any word
 */
export const isStray = (word: string, isBetween: boolean): boolean =>
  word.indexOf('@') > 0 || (isBetween && !KEYWORDS.has(word) && !/^[@$]/.test(word));
