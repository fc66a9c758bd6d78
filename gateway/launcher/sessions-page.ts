// The page where people see where they are signed in, and end it.

import { html, type Markup } from '../../runtime/http/markup.ts';
import type { OwnedSession } from '../identity/sessions/session-record.ts';
import { actionForm, agoOf } from './parts.ts';
import type { Notice, OwnPage } from './shell.ts';

export const END_SESSION = '/sessions/end';
export const END_SESSIONS = '/sessions/end-all';

export interface SessionsView {
  readonly sessions: readonly OwnedSession[];
  /** The id of the session of this browser. */
  readonly own: string;
  readonly person: string;
  readonly token: string;
  readonly now: number;
  /** What a provider is called here. */
  readonly labelOf: (provider: string) => string;
  /** What an application is called whose host has no other. */
  readonly labelOfHost: (host: string) => string | undefined;
  readonly notice?: Notice | undefined;
}

export function sessionsPage(view: SessionsView): OwnPage {
  const { sessions, own, person, token, notice } = view;
  const others = sessions.filter(({ id }) => id !== own);
  const sorted = [...sessions.filter(({ id }) => id === own), ...others];
  const all = [
    ...(others.length > 0
      ? [actionForm({ action: END_SESSIONS, token, text: 'End all others', fields: { keep: 'this' } })]
      : []),
    actionForm({ action: END_SESSIONS, token, text: 'Sign out everywhere', look: 'danger' }),
  ];
  return {
    title: 'Sessions',
    lead: 'Where you are signed in. End what you do not recognize, and tell who manages your account.',
    person,
    current: '/sessions',
    notice,
    content: html`<ul class="rows">${sorted.map((session) => rowOf(session, view))}</ul><div class="actions">${all}</div>`,
  };
}

function rowOf(
  { id, record, browser, apps }: OwnedSession,
  { own, token, now, labelOf, labelOfHost }: SessionsView,
): Markup {
  const name = browser === '' ? 'A browser' : browser;
  const mark = id === own ? html` <span class="badge">This browser</span>` : '';
  const opened = apps.filter(({ host }, i) => apps.findIndex((each) => each.host === host) === i);
  const list =
    opened.length === 0
      ? ''
      : html`<ul class="opened" aria-label="Opened there">${opened.map(({ host, seenAt }) => html`<li><span>${labelOfHost(host) ?? host}</span> <span class="soft">${agoOf(seenAt, now)}</span></li>`)}</ul>`;
  const facts = html`<p class="soft">Last used ${agoOf(record.seenAt, now)}, signed in ${agoOf(record.signedInAt, now)} with ${labelOf(record.person.provider)}</p>`;
  const end = actionForm({
    action: END_SESSION,
    token,
    text: 'End',
    about: `the session of ${name}`,
    fields: { session: id },
  });
  return html`<li class="row card"><div class="about"><h2>${name}${mark}</h2>${facts}${list}</div>${end}</li>`;
}
