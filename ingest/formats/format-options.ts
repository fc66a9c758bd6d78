// What an operator can state about a format: plain values, so that threads and files carry them.

import { type Columns, usernamesOf } from './columns.ts';
import { describeLayout, type LineLayout } from './layout.ts';

/** Labels of a block's lines, beside the usual ones. */
export interface Labels {
  readonly username: readonly string[];
  readonly password: readonly string[];
}

export interface FormatOptions {
  /** The columns of a table; default: those with usual names. */
  readonly columns?: Columns;
  /** The exact text of a cell that means an empty field, such as `<blank>`. */
  readonly blank?: string;
  /** The text between two fields of a line. */
  readonly separator?: string;
  readonly labels?: Labels;
  /** How the lines of a list were found to be laid out. Operators state its separator alone. */
  readonly layout?: LineLayout;
  /** Found too: each plaintext must be that of the hash before it. */
  readonly isProven?: true;
}

/** Options as text, for facts and people. Equal options have equal text. */
export function describeOptions(options: FormatOptions): { [option: string]: string } {
  const { columns, blank, separator, labels, layout } = options;
  return {
    ...(columns && { columns: describeColumns(columns) }),
    ...(blank !== undefined && { blank }),
    ...(separator !== undefined && { separator }),
    ...(labels && { labels: `username=${labels.username.join('/')},password=${labels.password.join('/')}` }),
    ...(layout && { layout: describeLayout(layout) }),
  };
}

function describeColumns(columns: Columns): string {
  const { password, sha1, ntlm, count } = columns;
  const others = Object.entries({ password, sha1, ntlm, count }).filter(([, name]) => name !== undefined);
  const all = [...usernamesOf(columns).map((name) => ['username', name]), ...others];
  return all.map(([role, name]) => `${role}=${name}`).join(',');
}
