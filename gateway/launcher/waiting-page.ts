// The page where people see sign-ins of programs that wait for them, and confirm or refuse them.

import { html, type Markup } from '../../runtime/http/markup.ts';
import { actionForm, agoOf, emptyOf } from './parts.ts';
import type { Notice, OwnPage } from './shell.ts';

export const WAITING = '/held';
export const CONFIRM_WAITING = '/held/confirm';
export const REFUSE_WAITING = '/held/refuse';

export interface WaitingView {
  readonly waiting: readonly Waiting[];
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

export function waitingPage({ waiting, person, token, now, notice }: WaitingView): OwnPage {
  return {
    title: 'Sign-ins that wait for you',
    lead: waiting.length === 0 ? undefined : LEAD,
    person,
    current: WAITING,
    notice,
    content:
      waiting.length === 0
        ? emptyOf('None waits', 'A program that signs in with a password of yours that has leaked would stand here.')
        : html`<ul class="rows">${waiting.map((each) => rowOf(each, token, now))}</ul>`,
  };
}

function rowOf({ id, site, user, address, since }: Waiting, token: string, now: number): Markup {
  const about = `at ${site}`;
  const fields = { login: id };
  const confirm = actionForm({ action: CONFIRM_WAITING, token, text: 'Confirm', about, fields, look: 'primary' });
  const refuse = actionForm({ action: REFUSE_WAITING, token, text: 'It is not me', about, fields, look: 'danger' });
  return html`<li class="row card"><div class="about"><h2>${site}</h2><p class="soft">As ${user}, from ${address}, ${agoOf(since, now)}</p></div><div class="actions">${confirm}${refuse}</div></li>`;
}

/** Above the applications of somebody for whom some wait. */
export const waitingNote = (count: number): Markup =>
  count === 0
    ? html``
    : html`<p class="note" role="status"><a href="${WAITING}">A sign-in of a program waits for you</a></p>`;
