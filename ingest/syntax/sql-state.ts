// What a reader of statements is within.

export type SqlState =
  /** Between statements. */
  | 'start'
  /** A statement, or a part of one, that holds no rows. */
  | 'skip'
  /** USE of MySQL, before its name. */
  | 'use'
  | 'create'
  /** The brackets of CREATE TABLE. */
  | 'definition'
  | 'insert'
  /** The names of the columns of INSERT or COPY. */
  | 'columns'
  /** Between rows. */
  | 'values'
  | 'row'
  /** The lines below COPY. */
  | 'copy'
  /** Behind a torn row. */
  | 'lost'
  /** On the line below it. */
  | 'resume'
  /** A line that is no SQL. */
  | 'stray';
