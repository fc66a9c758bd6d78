// Pages where the owner of an account confirms a login whose password has leaked.

import { html, type Markup } from '../../runtime/http/markup.ts';
import type { OwnPage } from './shell.ts';

const TITLE = 'Is it you?';

/** When the account has to have another password. Milliseconds since 1970. */
export interface Due {
  readonly at: number;
  readonly now: number;
}

/** What people read of it, also in mails. */
export const changeText = ({ at, now }: Due): string =>
  at <= now
    ? 'The password has to be changed now: until it is, pages of this site lead to where you change it.'
    : `Choose a new password by ${dayOf(at)}. From then on, pages of this site lead to where you change it.`;

/** The same in all time zones but for hours. */
const dayOf = (at: number): string =>
  `${new Date(at).toLocaleString('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })} UTC`;

const toldOf = (site: string, due?: Due): Markup =>
  html`<p>The password of this account at <strong>${site}</strong> stands in lists of stolen passwords. So the sign-in waits until its owner confirms it.</p><p>If you have not just signed in to ${site} in this browser, close this page.</p>${due === undefined ? '' : html`<p>${changeText(due)}</p>`}`;

const GIVE_UP = html`<form class="again" method="post" action="/hold/end"><button class="quiet">Give this sign-in up</button></form>`;

export const askHoldPage = (site: string, headers: readonly string[], due?: Due): OwnPage => ({
  title: TITLE,
  headers,
  content: html`<div class="gate">${toldOf(site, due)}<form method="post" action="/hold/mail"><button class="primary">Send a code by mail</button></form></div>${GIVE_UP}`,
});

/** @param url where the owner shows a factor */
export const factorHoldPage = (site: string, url: string, headers: readonly string[], due?: Due): OwnPage => ({
  title: TITLE,
  headers,
  content: html`<div class="gate">${toldOf(site, due)}<p><a class="button primary" href="${url}">Show your second factor</a></p></div>${GIVE_UP}`,
});

/** @param isNamed whose it is, is known, who cannot be reached */
export const nobodyHoldPage = (site: string, isNamed: boolean, headers: readonly string[]): OwnPage => ({
  title: TITLE,
  headers,
  content: html`<div class="gate">${toldOf(site)}<p>${isNamed ? 'This site has no way to reach the owner.' : 'As it was typed, the name does not say who could confirm this. Give this sign-in up and sign in again, with your name exactly as the site writes it: without capital letters and blanks that are not part of it. If that does not help:'} Choose a new password with the site's own page for a forgotten one, or ask who manages your account.</p></div>${GIVE_UP}`,
});

/** @param wrong what is wrong with the code that was typed */
export function holdCodePage(digits: number, lead: string, wrong?: string): OwnPage {
  const described = wrong === undefined ? html`` : html` aria-invalid="true" aria-describedby="message"`;
  const message = wrong === undefined ? '' : html`<p class="error" id="message" role="alert">${wrong}</p>`;
  return {
    title: TITLE,
    lead,
    content: html`<form class="gate" method="post" action="/hold/code"><div class="field"><label for="code">The code of ${digits} digits</label><input id="code" class="code" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="16" required autofocus${described}>${message}</div><button class="primary">Confirm</button></form><form class="again" method="post" action="/hold/mail"><button class="quiet">Send another code</button></form>${GIVE_UP}`,
  };
}

/** @param origin of the site */
export const endedHoldPage = (origin: string): OwnPage => ({
  title: 'Sign-in given up',
  lead: 'Nobody was signed in by it. You can sign in again.',
  content: html`<p><a class="button primary" href="${origin}/">Back to the site</a></p>`,
});
