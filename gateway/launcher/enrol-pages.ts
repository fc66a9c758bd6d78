// The pages of a new factor. Their forms need no script, but for keys and passkeys: WebAuthn is the
// browser's, and `page/people/enrol.ts` asks it.

import encodeQR from 'qr';
import { html, type Markup } from '../../runtime/http/markup.ts';
import { FACTORS, MAX_NAME } from './factor-pages.ts';
import { actionForm } from './parts.ts';
import type { Notice, OwnPage } from './shell.ts';

export const ENROL = '/enrol';
export const ENROL_APP = '/enrol/app';
export const MAIL_CODE = '/enrol/mail';

/** @param to where an application sent them for a factor, sealed: they go on to it */
export const enrolUrl = (to: string | undefined): string =>
  to === undefined ? ENROL : `${ENROL}?to=${encodeURIComponent(to)}`;

const METHODS = [
  { method: 'security_key', name: 'Security key', text: 'A small device that you plug in or hold to your phone.' },
  { method: 'biometrics', name: 'Passkey', text: 'This device or your phone, by finger, face or its PIN.' },
  { method: 'totp', name: 'App for codes', text: 'Shows a new code of six digits every half minute.' },
] as const;

/** What a form brings back. */
export interface EnrolForm {
  readonly token: string;
  /** As of `enrolUrl`. */
  readonly to: string | undefined;
}

export interface EnrolView extends EnrolForm {
  readonly person: string;
  /** What they have. */
  readonly names: readonly string[];
  /** What has to be shown: nothing more, another factor first, or a code. */
  readonly needs: 'open' | 'factor' | 'code';
  readonly hasMail: boolean;
  /** Where they show another factor, and come back. */
  readonly confirmUrl: string;
  readonly notice?: Notice | undefined;
}

const hiddenOf = ({ token, to = '' }: EnrolForm): Markup =>
  html`<input type="hidden" name="token" value="${token}"><input type="hidden" name="to" value="${to}">`;

export function enrolPage(view: EnrolView): OwnPage {
  const { person, names, needs, hasMail, confirmUrl, token, to, notice } = view;
  const confirm =
    needs === 'factor'
      ? html`<div><p>Confirm with what you have, or type a code below.</p><p class="again"><a class="quiet" href="${confirmUrl}">Confirm that it is you</a></p></div>`
      : '';
  const code =
    needs === 'open'
      ? ''
      : html`<div class="field"><label for="enrolment">The code that you were given</label><input id="enrolment" class="code" name="code" autocomplete="off" maxlength="64" aria-describedby="enrolment-help"><p class="help" id="enrolment-help">Who manages this site can give you one.</p></div>`;
  const mail =
    hasMail && needs === 'code'
      ? html`<div class="actions">${actionForm({ action: MAIL_CODE, token, text: 'Mail me a code', fields: { to: to ?? '' } })}</div>`
      : '';
  const choices = METHODS.map(
    ({ method, name, text }) =>
      html`<button type="submit" class="choice" name="method" value="${method}"><span><strong>${name}</strong><span class="soft">${text}</span></span><span class="arrow" aria-hidden="true">→</span></button>`,
  );
  return {
    title: 'Add a factor',
    lead: names.length === 0 ? `For ${person}.` : `For ${person}, beside ${names.join(', ')}.`,
    person,
    current: FACTORS,
    script: 'enrol',
    notice,
    content: html`<p id="trouble" class="note" role="alert" hidden></p><noscript><p class="soft">Keys and passkeys need JavaScript. Apps for codes do not.</p></noscript><form id="begin" class="card gate enrol" method="post" action="${ENROL}">${hiddenOf(view)}${confirm}${code}
<div class="field"><label for="name">What do you call it?</label><input id="name" name="name" maxlength="${MAX_NAME}" autocomplete="off" placeholder="Blue key, work phone…" required></div>
<fieldset class="methods"><legend>What do you add?</legend>${choices}</fieldset></form>${mail}`,
  };
}

export interface AppView extends EnrolForm {
  readonly person: string;
  readonly name: string;
  readonly enrolment: string;
  /** Base32, and for apps on this device. Undefined once the app has it: a code of it was wrong. */
  readonly key?: { readonly secret: string; readonly uri: string } | undefined;
  readonly message?: string;
}

/** What an app is told, and the form for its first code. */
export function appPage(view: AppView): OwnPage {
  const { person, name, enrolment, key, message } = view;
  const shown = key
    ? html`<div class="scan"><div>${pictureOf(key.uri)}</div><div><p>Scan this with the app, or <a href="${key.uri}">open it on this device</a>.</p><p class="soft">Or type this key into it:</p><p><code id="secret">${key.secret.replace(/.{4}/g, '$& ')}</code></p></div></div>`
    : html`<p>Type the code that it shows now, or <a href="${enrolUrl(view.to)}">begin anew</a>.</p>`;
  const described = message === undefined ? html`` : html` aria-invalid="true" aria-describedby="message"`;
  const note = message === undefined ? '' : html`<p class="error" id="message" role="alert">${message}</p>`;
  return {
    title: 'Add it to your app',
    person,
    current: FACTORS,
    content: html`<form class="card gate enrol" method="post" action="${ENROL_APP}">${hiddenOf(view)}<input type="hidden" name="name" value="${name}"><input type="hidden" name="enrolment" value="${enrolment}">${shown}<div class="field"><label for="code">The code that it shows</label><input id="code" class="code" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="6" pattern="[0-9]{6}" required autofocus${described}>${note}</div><button class="primary">Add it</button></form>`,
  };
}

/** With the margin that cameras need: ISO/IEC 18004. */
function pictureOf(text: string): Markup {
  const rows = encodeQR(text, 'raw', { border: 4 });
  const path = rows.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join('');
  return html`<svg viewBox="0 0 ${rows.length} ${rows.length}" role="img" aria-label="The key as a picture to scan"><rect width="100%" height="100%" fill="#fff"/><path d="${path}" fill="#000" shape-rendering="crispEdges"/></svg>`;
}

/** @param on where the application is that they came from */
export const addedPage = (person: string, name: string, on: string, headers: readonly string[]): OwnPage => ({
  title: 'It was added',
  lead: html`<strong>${name}</strong> shows codes for you from now on.`,
  person,
  current: FACTORS,
  headers: ['Refresh', `0;url=${on}`, ...headers],
  content: html`<p><a class="primary" href="${on}">Go on</a></p>`,
});
