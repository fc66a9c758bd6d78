// The admin page's sections about people and programs: sessions and service tokens.

import { byId, formatCount, formatCounted, make } from './dom.ts';
import { count, fill, text } from './sections.ts';

export interface PeopleState {
  readonly sessions: readonly Session[];
  readonly hasMoreSessions: boolean;
  readonly serviceTokens: readonly ServiceToken[];
}

interface Session {
  readonly id: string;
  readonly provider: string;
  readonly person: string;
  readonly signedInAt: number;
  readonly seenAt: number;
  readonly token: string;
}

interface ServiceToken {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly token: string;
}

/** Does something, and announces that it was done. */
export type Act = (path: string, body: object, message: string) => void;

export function showPeople(state: PeopleState, act: Act): void {
  showSessions(state, act);
  showTokens(state, act);
}

function showSessions({ sessions, hasMoreSessions }: PeopleState, act: Act): void {
  byId('sessions-text', HTMLElement).textContent = hasMoreSessions
    ? `The first ${formatCount(sessions.length)}. The command credveil gateway sessions shows all.`
    : formatCounted(sessions.length, 'session');
  const columns = [text('Person'), text('Signed in with'), count('Signed in'), count('Last used'), text('End')];
  fill('sessions', 'Nobody is signed in.', columns, sessions, ({ id, person, provider, signedInAt, seenAt, token }) => [
    person,
    provider,
    timeOf(signedInAt),
    timeOf(seenAt),
    actionButton('End', `the session of ${person}`, () =>
      act('end', { id, token }, `The session of ${person} has ended.`),
    ),
  ]);
}

function showTokens({ serviceTokens }: PeopleState, act: Act): void {
  const columns = [text('Token'), text('Id'), count('Created'), count('Expires'), text('Revoke')];
  fill('tokens', 'No tokens.', columns, serviceTokens, ({ id, name, createdAt, expiresAt, token }) => [
    name,
    id,
    timeOf(createdAt),
    expiresAt === null ? 'never' : timeOf(expiresAt),
    actionButton('Revoke', `the token ${name}`, () => act('revoke', { id, token }, `The token ${name} is revoked.`)),
  ]);
}

export const timeOf = (time: number): string =>
  new Date(time).toLocaleString(undefined, { dateStyle: 'short', timeStyle: 'short' });

/** @param about for screen readers, where several have one text */
export function actionButton(label: string, about: string, run: () => void): HTMLButtonElement {
  const button = make(
    'button',
    { type: 'button', class: 'quiet', 'data-about': `${label} ${about}` },
    label,
    make('span', { class: 'hidden' }, ` ${about}`),
  );
  button.addEventListener('click', run);
  return button;
}
