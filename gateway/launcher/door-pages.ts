// Pages before and behind a sign-in: where to sign in, the forms of codes by mail, and signing out.

import { html, type Markup } from '../../runtime/http/markup.ts';
import { actionForm } from './parts.ts';
import type { OwnPage } from './shell.ts';

export interface Choice {
  readonly label: string;
  readonly href: string;
}

/** Links, which work without script. @param site undefined: the pages of the gateway itself */
export function choicePage(choices: readonly Choice[], site: string | undefined): OwnPage {
  const links = choices.map(
    ({ label, href }) =>
      html`<li><a class="choice" href="${href}"><span>${label}</span><span class="arrow" aria-hidden="true">→</span></a></li>`,
  );
  return {
    title: 'Sign in',
    lead: html`${forSite(site)}.`,
    content: html`<ul class="choices">${links}</ul>`,
  };
}

const forSite = (site: string | undefined): Markup =>
  site === undefined ? html`to your apps, factors and sessions` : html`to go on to <strong>${site}</strong>`;

export interface PinForm {
  /** What the form brings back. */
  readonly way: string;
  readonly message?: string | undefined;
  readonly headers?: readonly string[];
}

const wayField = (way: string): Markup => html`<input type="hidden" name="way" value="${way}">`;

/** A message is of the field: it is read with it. */
const messageOf = (message: string | undefined): Markup | string =>
  message === undefined ? '' : html`<p class="error" id="message" role="alert">${message}</p>`;

export function addressPage(site: string | undefined, { way, message, headers = [] }: PinForm): OwnPage {
  const described = message === undefined ? html`` : html` aria-invalid="true" aria-describedby="message"`;
  return {
    title: 'Sign in',
    lead: html`${forSite(site)}. A code comes by mail.`,
    headers,
    content: html`<form class="gate" method="post" action="/pin/address">${wayField(way)}<div class="field"><label for="email">E-mail address</label><input id="email" type="email" name="email" autocomplete="email" maxlength="254" required autofocus${described}>${messageOf(message)}</div><button class="primary">Send me a code</button></form>`,
  };
}

export interface CodeForm extends PinForm {
  /** How it goes on. */
  readonly lead: string;
}

export function codePage({ way, message, lead }: CodeForm): OwnPage {
  const described = message === undefined ? html`` : html` aria-invalid="true" aria-describedby="message"`;
  return {
    title: 'Type the code',
    lead,
    content: html`<form class="gate" method="post" action="/pin/code">${wayField(way)}<div class="field"><label for="code">The code</label><input id="code" class="code" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="16" required autofocus${described}>${messageOf(message)}</div><button class="primary">Sign in</button></form>`,
  };
}

export const passedPage = (url: string, headers: readonly string[], title = 'Signed in'): OwnPage => ({
  title,
  headers,
  content: html`<p><a class="primary" href="${url}">Go on</a></p>`,
});

export const signOutPage = (person: string, token: string): OwnPage => ({
  title: 'Sign out?',
  lead: html`You are signed in as <strong class="name">${person}</strong>. This ends your session in this browser, and at all apps that you opened in it.`,
  content: html`<div class="gate">${actionForm({ action: '/sign-out', token, text: 'Sign out', look: 'primary' })}<p><a href="/">Back to your apps</a></p></div>`,
});

/** @param there where they are still signed in, and what signs out there */
export function signedOutPage(there: Choice | undefined, headers: readonly string[] = []): OwnPage {
  const link = there
    ? html`<p>You are still signed in at ${there.label}.</p><p><a class="choice" href="${there.href}"><span>Sign out there too</span><span class="arrow" aria-hidden="true">→</span></a></p>`
    : '';
  return {
    title: 'Signed out',
    lead: 'You are signed out of all apps of this gateway.',
    headers,
    content: html`<div class="gate">${link}<p><a href="/">Sign in again</a></p></div>`,
  };
}

export const strangerPage = (): OwnPage => ({
  title: 'Not signed in',
  lead: 'There is nothing to sign out of.',
  content: html`<p><a href="/">Sign in</a></p>`,
});
