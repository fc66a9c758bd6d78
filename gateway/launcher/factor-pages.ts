// Pages with a script: factors of whoever is signed in, a new one, and showing one. What they show,
// their scripts in `page/people/` ask for and fill in.

import { html, type Markup } from '../../runtime/http/markup.ts';
import type { OwnPage } from './shell.ts';

const needsScript: Markup = html`<noscript><p class="note">This page needs JavaScript: keys and passkeys work by it alone.</p></noscript>`;
const trouble: Markup = html`<p id="trouble" class="note" role="alert" hidden></p>`;
const done: Markup = html`<p id="done" class="note good" role="status"></p>`;

export const factorsPage = (person: string): OwnPage => ({
  title: 'Security',
  lead: 'What you confirm with that it is you, beside your password. Keep two at least: one may get lost.',
  person,
  current: '/factors',
  script: 'factors',
  content: html`${needsScript}${trouble}${done}<ul class="rows" id="factors" aria-live="polite" aria-busy="true"></ul>
<p class="empty card" id="none" hidden>You have none yet. An app or site may ask for one before it lets you in.</p>
<div class="actions"><a class="primary" href="/enrol">Add a key, a passkey or an app</a></div>
<section class="row card recovery" id="recovery-part" aria-labelledby="recovery-title" hidden><div class="about"><h2 id="recovery-title">Recovery codes</h2><p class="soft" id="recovery-left"></p><ol class="codes" id="codes" hidden></ol></div><button type="button" class="quiet" id="draw">Make new codes</button></section>
<dialog id="rename" aria-labelledby="rename-title"><form method="dialog" class="gate"><h2 id="rename-title">Rename</h2><div class="field"><label for="name">What do you call it?</label><input id="name" maxlength="64" autocomplete="off" required></div><div class="actions"><button class="primary" value="save">Save</button><button class="quiet" value="" formnovalidate>Cancel</button></div></form></dialog>
<dialog id="remove" aria-labelledby="remove-title"><form method="dialog" class="gate"><h2 id="remove-title">Remove it?</h2><p>You cannot confirm with <strong id="removed"></strong> any more, and sessions forget that you did.</p><div class="actions"><button class="danger" value="remove">Remove</button><button class="quiet" value="">Cancel</button></div></form></dialog>`,
});

const METHODS = [
  { method: 'security_key', name: 'Security key', text: 'A small device that you plug in or hold to your phone.' },
  { method: 'biometrics', name: 'Passkey', text: 'This device or your phone, by finger, face or its PIN.' },
  { method: 'totp', name: 'App for codes', text: 'Shows a new code of six digits every half minute.' },
] as const;

/** For browsers that run no script: an app alone. */
export interface PlainEnrolment {
  readonly token: string;
  readonly message?: string;
}

function plainEnrolment({ token, message }: PlainEnrolment): Markup {
  const note = message === undefined ? html`` : html`<p class="note" role="alert">${message}</p>`;
  return html`<noscript>${note}<form class="card gate" method="post" action="/enrol"><input type="hidden" name="token" value="${token}"><p>Add an app that shows codes. Keys and passkeys need JavaScript.</p><div class="field"><label for="plain-code">The code that you were given, if you were</label><input id="plain-code" class="code" name="code" autocomplete="off" maxlength="64"></div><div class="field"><label for="plain-name">What do you call it?</label><input id="plain-name" name="name" maxlength="64" autocomplete="off" required></div><button class="primary">Add an app</button></form></noscript>`;
}

export interface DrawnApp {
  readonly token: string;
  readonly name: string;
  readonly enrolment: string;
  /** Base32. */
  readonly secret: string;
  readonly uri: string;
}

/** What an app is told, and the form for its first code. */
export const appPage = (person: string, { token, name, enrolment, secret, uri }: DrawnApp): OwnPage => ({
  title: 'Add it to your app',
  person,
  current: '/factors',
  content: html`<form class="card gate" method="post" action="/enrol/app"><input type="hidden" name="token" value="${token}"><input type="hidden" name="name" value="${name}"><input type="hidden" name="enrolment" value="${enrolment}"><p>Type this key into the app, or <a href="${uri}">open it on this device</a>.</p><p><code>${secret.replace(/.{4}/g, '$& ')}</code></p><div class="field"><label for="code">The code that it shows</label><input id="code" class="code" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="6" pattern="[0-9]{6}" required></div><button class="primary">Add it</button></form>`,
});

export const addedPage = (person: string, name: string, headers: readonly string[]): OwnPage => ({
  title: 'It was added',
  lead: html`<strong>${name}</strong> shows codes for you from now on.`,
  person,
  current: '/factors',
  headers,
  content: html`<p><a class="primary" href="/">Go on to your apps</a></p>`,
});

export const enrolPage = (person: string, plain: PlainEnrolment): OwnPage => ({
  title: 'Add a factor',
  lead: html`<span id="who"></span>`,
  person,
  current: '/factors',
  script: 'enrol',
  content: html`${plainEnrolment(plain)}${trouble}${done}<form id="begin" class="card gate enrol" hidden>
<div id="confirm-part" hidden><p>Confirm with what you have, or type a code below.</p><button type="button" class="quiet" id="confirm">Confirm that it is you</button></div>
<div class="field" id="enrolment-part" hidden><label for="enrolment">The code that you were given</label><input id="enrolment" class="code" autocomplete="off" maxlength="64" aria-describedby="enrolment-help"><p class="help" id="enrolment-help">Who manages this site can give you one.</p><p id="mail-part" hidden><button type="button" class="quiet" id="mail">Mail me a code</button></p></div>
<div class="field"><label for="name">What do you call it?</label><input id="name" maxlength="64" autocomplete="off" placeholder="Blue key, work phone…" required></div>
<fieldset class="methods"><legend>What do you add?</legend>${METHODS.map(({ method, name, text }) => html`<button type="submit" class="choice" name="method" value="${method}"><span><strong>${name}</strong><span class="soft">${text}</span></span><span class="arrow" aria-hidden="true">→</span></button>`)}</fieldset></form>
<form id="totp" class="card gate enrol" hidden><h2>Add it to your app</h2><div class="scan"><div id="qr"></div><div><p>Scan this with the app, or <a id="uri" href="/enrol">open it on this device</a>.</p><p class="soft">Or type this key into it:</p><p><code id="secret"></code></p></div></div><div class="field"><label for="code">The code that it shows</label><input id="code" class="code" inputmode="numeric" autocomplete="one-time-code" maxlength="6" pattern="[0-9]{6}" required></div><button class="primary">Add it</button></form>`,
});

/** For browsers that run no script. */
export interface PlainForm {
  /** What it brings back. */
  readonly to: string;
  readonly token: string;
  readonly message?: string;
}

function plainForm({ to, token, message }: PlainForm): Markup {
  const described = message === undefined ? html`` : html` aria-invalid="true" aria-describedby="plain-message"`;
  const note = message === undefined ? html`` : html`<p class="error" id="plain-message" role="alert">${message}</p>`;
  return html`<noscript><form class="gate" method="post" action="/step-up"><input type="hidden" name="to" value="${to}"><input type="hidden" name="token" value="${token}"><div class="field"><label for="plain">The code that your app shows, or a recovery code</label><input id="plain" class="code" name="code" autocomplete="one-time-code" maxlength="64" required${described}>${note}</div><button class="primary">Confirm</button><p class="soft">Keys and passkeys need JavaScript.</p></form></noscript>`;
}

/** @param form undefined for whoever has no session, or was not sent by an application */
export const stepUpPage = (form?: PlainForm): OwnPage => ({
  title: 'Confirm that it is you',
  lead: html`<span id="why">${form ? '' : 'One moment…'}</span>`,
  script: 'step-up',
  content: html`${form ? plainForm(form) : needsScript}${trouble}<div class="gate"><div id="key-part" hidden><button type="button" class="primary" id="key">Use a key or passkey</button></div>
<form id="code-part" class="gate" hidden><div class="field"><label for="code">The code that your app shows</label><input id="code" class="code" inputmode="numeric" autocomplete="one-time-code" maxlength="6" pattern="[0-9]{6}" required></div><button class="primary">Confirm</button></form>
<p id="enrol-part" hidden><a class="primary" href="/enrol">Add a key, a passkey or an app</a></p>
<details id="recovery-part" hidden><summary>I have none of them here</summary><form id="recovery-form" class="gate"><div class="field"><label for="recovery">A recovery code</label><input id="recovery" class="code" autocomplete="off" maxlength="64" required></div><button class="quiet">Use it, and add a new factor</button></form></details></div>`,
});
