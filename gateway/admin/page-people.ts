// People and their factors on the admin page: found page by page, each with what a button needs to
// change something of theirs.

import type { Factor } from '../factors/factor.ts';
import type { UserEntry } from '../factors/factor-messages.ts';
import { plainEmail } from '../identity/email.ts';
import { StateError } from '../state/state.ts';
import type { PageSession } from './page-sessions.ts';
import type { PageActions } from './page-state.ts';

export interface PersonEntry extends Omit<UserEntry, 'factors'> {
  readonly factors: readonly (Factor & { readonly token: string })[];
  /** Gives them a code. */
  readonly codeToken: string;
  /** Ends their sessions. */
  readonly endToken: string;
}

export interface PeoplePage {
  readonly people: readonly PersonEntry[];
  /** Undefined behind the last one. */
  readonly next: string | undefined;
  /** False without a state: this gateway keeps nobody. */
  readonly isKept: boolean;
}

const codeAction = (user: string): string => `code ${user}`;
const endAllAction = (user: string): string => `end all ${user}`;
const removeAction = (user: string, factor: string): string => `remove ${JSON.stringify([user, factor])}`;

const MAX_SEARCH = 320;
const ID = /^[A-Za-z0-9_-]{43}$/;

/** What a button sent. */
export interface PersonRequest {
  readonly user: string;
  readonly factor: string;
  readonly token: string;
}

/**
 * @param search part of an e-mail; '' for all. A whole one finds somebody whom nobody knows so far
 * @param after the `next` of the page before
 */
export async function findPeople(
  actions: PageActions,
  { search, after }: { readonly search: string; readonly after: string },
  session: PageSession,
): Promise<PeoplePage> {
  const wanted = search.trim().slice(0, MAX_SEARCH).toLowerCase();
  try {
    const users = actions.users();
    const { users: found, next } = await users.search(wanted, ID.test(after) ? after : undefined);
    const isNew = after === '' && plainEmail(wanted) !== undefined && !users.find(wanted);
    const entries = isNew ? [nobody(wanted), ...found] : found;
    return { people: entries.map((entry) => entryOf(entry, session)), next, isKept: true };
  } catch (error) {
    if (error instanceof StateError) return { people: [], next: undefined, isKept: false };
    throw error;
  }
}

const entryOf = (entry: UserEntry, session: PageSession): PersonEntry => ({
  ...entry,
  factors: entry.factors.map((factor) => ({
    ...factor,
    token: session.tokenOf(removeAction(entry.user, factor.id)),
  })),
  codeToken: session.tokenOf(codeAction(entry.user)),
  endToken: session.tokenOf(endAllAction(entry.user)),
});

const nobody = (user: string): UserEntry => ({
  ...{ id: '', user, importedAt: null, hadFactor: false, factors: [], recoveryLeft: 0, codeUntil: null },
});

/**
 * What a button of a person does. @returns undefined for another path
 * @throws PageError through `check` where the token is not that of the button
 */
export async function actOnPerson(
  url: string,
  { user, factor, token }: PersonRequest,
  session: PageSession,
  { actions, check }: { readonly actions: PageActions; readonly check: (given: string, wanted: string) => void },
): Promise<object | undefined> {
  switch (url) {
    case '/people/code':
      check(token, session.tokenOf(codeAction(user)));
      return { code: await actions.users().makeCode(user) };
    case '/people/end':
      check(token, session.tokenOf(endAllAction(user)));
      return { isDone: (await actions.endSessions({ user })) > 0 };
    case '/people/remove':
      check(token, session.tokenOf(removeAction(user, factor)));
      return { isDone: (await actions.users().remove(user, factor)).length > 0 };
    default:
      return undefined;
  }
}
