// Which columns of a table, or fields of an object, hold the credential.

/** Names of columns, compared without case. */
export interface Columns {
  readonly username?: string;
  readonly password: string;
  readonly count?: string;
}

/** What corpora call them, the likeliest first. */
export const USERNAME_NAMES = ['username', 'email', 'user', 'login', 'e-mail', 'mail', 'user_name', 'email_address'];
export const PASSWORD_NAMES = ['password', 'pass', 'pwd', 'passwd', 'plaintext', 'plain'];
export const COUNT_NAMES = ['count', 'times', 'occurrences', 'frequency'];

/** The columns that a header names as corpora do; undefined where there is none for the password. */
export function guessColumns(header: readonly string[]): Columns | undefined {
  const names = header.map((name) => name.trim().toLowerCase());
  const find = (known: readonly string[]): string | undefined => known.find((name) => names.includes(name));
  const password = find(PASSWORD_NAMES);
  if (password === undefined) return undefined;
  const username = find(USERNAME_NAMES);
  const count = find(COUNT_NAMES);
  return {
    password,
    ...(username === undefined ? {} : { username }),
    ...(count === undefined ? {} : { count }),
  };
}
