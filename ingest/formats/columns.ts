// The columns of a table, or fields of an object, that contain the credential.

/** Column names, compared case-insensitively. */
export interface Columns {
  readonly username?: string;
  readonly password: string;
  readonly count?: string;
}

/** Usual names, most likely first. */
export const USERNAME_NAMES = ['username', 'email', 'user', 'login', 'e-mail', 'mail', 'user_name', 'email_address'];
export const PASSWORD_NAMES = ['password', 'pass', 'pwd', 'passwd', 'plaintext', 'plain'];
export const COUNT_NAMES = ['count', 'times', 'occurrences', 'frequency'];

/** Finds columns with usual names. @returns undefined if there is no password column */
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
