// How the lines of a list are laid out: plain values, so that threads and files carry them.

/** `lines`: a further layout cuts the column. */
export type ColumnRole = 'username' | 'password' | 'lines' | 'other';

export interface LineLayout {
  readonly separator: string;
  /**
   * What the columns of a line hold. Exactly one is a password or is cut further: it has the
   * separators that a line has beyond those of its columns.
   */
  readonly columns: readonly ColumnRole[];
  /** Cuts the column `lines`. */
  readonly within?: LineLayout;
  /** Encloses cells; doubled inside of one, it is text. */
  readonly quote?: string;
  /** Separators that follow an address in some lines, in place of the usual one. */
  readonly others?: readonly string[];
  /** The lines have a URL or not, each by its own shape; `columns` is empty. */
  readonly hasUrls?: true;
  /** Lines that name the columns, or are unlike the list's; notices are none of its rows either. */
  readonly remarks?: readonly string[];
}

/** Whether the columns are a username and a password, and no others. */
export const isPair = ({ columns }: LineLayout): boolean => columns.join() === 'username,password';

/** Such as `-. username:password | -`, for people: `-` is a column that is not used. */
export function describeLayout({ separator, columns, within, quote = '', others = [], hasUrls }: LineLayout): string {
  const roles = hasUrls ? (['url', 'username', 'password'] as const) : columns;
  const shown = roles.map((role) => {
    if (role === 'lines' && within) return describeLayout(within);
    return role === 'other' ? '-' : `${quote}${role}${quote}`;
  });
  const alternatives = others.map((other) => `, also ${JSON.stringify(other)}`).join('');
  return shown.join(separator === '\t' ? '\\t' : separator) + alternatives;
}
