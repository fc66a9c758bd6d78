// For whom a browser had a checked login, as its handle's entry in the state has it: keyed hashes.

/** Of one login. */
export interface LoginUsers {
  /** As the application itself names them: those of the session that the login began. */
  readonly ofSession: readonly string[];
  /** As they were typed, where nothing tells which of the application's users that is. */
  readonly typed: readonly string[];
  /** Under which the limits have the user who has logged in. */
  readonly account?: string | undefined;
}

export const NO_USERS: LoginUsers = { ofSession: [], typed: [] };

/** Of all logins on a handle and on those before it, the latest first. */
export type HandleUsers = LoginUsers;

const MAX_USERS = 8;
/** One name has several spellings. */
const MAX_TYPED = 16;

/** A login that came to nothing yet ends no session of another user. */
export const withUsers = (latest: LoginUsers, before: HandleUsers): HandleUsers => ({
  ofSession: [...new Set([...latest.ofSession, ...before.ofSession])].slice(0, MAX_USERS),
  typed: [...new Set([...latest.typed, ...before.typed])].slice(0, MAX_TYPED),
  account: latest.account ?? before.account,
});

export const formatUsers = ({ ofSession, typed, account }: HandleUsers): string =>
  JSON.stringify(account === undefined ? [ofSession, typed] : [ofSession, typed, account]);

/** An entry of an earlier version names nobody. */
export function parseUsers(text: string): HandleUsers {
  if (!text.startsWith('[')) return NO_USERS;
  const [ofSession, typed, account] = JSON.parse(text) as [string[], string[], string?];
  return { ofSession, typed, account };
}
