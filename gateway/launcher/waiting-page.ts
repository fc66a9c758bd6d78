// The page where people see sign-ins of programs that wait for them, and confirm or refuse them.

import { html, type Markup } from '../../runtime/http/markup.ts';
import { actionForm, agoOf, emptyOf } from './parts.ts';
import type { Notice, OwnPage } from './shell.ts';

export const WAITING = '/held';
export const CONFIRM_WAITING = '/held/confirm';
export const REFUSE_WAITING = '/held/refuse';

export interface WaitingView {
  /** Those that came last stand first. */
  readonly waiting: readonly Waiting[];
  /** Whether others wait too. */
  readonly isCut: boolean;
  readonly person: string;
  readonly token: string;
  readonly now: number;
  readonly notice?: Notice | undefined;
}

interface Waiting {
  readonly id: string;
  readonly site: string;
  readonly user: string;
  readonly address: string;
  readonly since: number;
}

const LEAD =
  'These passwords stand in lists of stolen passwords. Confirm a sign-in only if you have just started it yourself, with a program of yours.';

export function waitingPage({ waiting, isCut, person, token, now, notice }: WaitingView): OwnPage {
  return {
    title: 'Sign-ins that wait for you',
    lead: waiting.length === 0 ? undefined : LEAD,
    person,
    current: WAITING,
    notice,
    content:
      waiting.length === 0
        ? html`${emptyOf('Nothing waits', 'A program that signs in with a password of yours that has leaked waits here, for about a minute.')}${AGAIN}`
        : html`<ul class="rows">${waiting.map((each) => rowOf(each, token, now))}</ul>${isCut ? CUT : ''}${waiting.length > 1 ? refuseAll(waiting, token) : AGAIN}`,
  };
}

/** The page runs no script: it does not change by itself. */
const AGAIN = html`<p class="again"><a href="${WAITING}">Look again</a></p>`;

const CUT = html`<p class="soft">More wait than are shown: these came last. Others show once some of these have ended.</p>`;

function rowOf({ id, site, user, address, since }: Waiting, token: string, now: number): Markup {
  const about = `at ${site}`;
  const fields = { login: id };
  const confirm = actionForm({ action: CONFIRM_WAITING, token, text: 'Confirm', about, fields, look: 'primary' });
  const refuse = actionForm({ action: REFUSE_WAITING, token, text: 'It is not me', about, fields, look: 'danger' });
  return html`<li class="row card"><div class="about"><h2>${site}</h2><p class="soft">As ${user}, from ${address}, ${agoOf(since, now)}</p></div><div class="buttons">${confirm}${refuse}</div></li>`;
}

function refuseAll(waiting: readonly Waiting[], token: string): Markup {
  const fields = { login: waiting.map(({ id }) => id) };
  return html`<div class="again">${actionForm({ action: REFUSE_WAITING, token, text: 'None of these is me', fields, look: 'danger' })}</div>${AGAIN}`;
}

/** Above the applications of somebody for whom some wait. */
export function waitingNote(count: number): Markup {
  if (count === 0) return html``;
  const text = count === 1 ? 'A sign-in of a program waits for you' : 'Sign-ins of programs wait for you';
  return html`<p class="note" role="status"><a href="${WAITING}">${text}</a></p>`;
}
