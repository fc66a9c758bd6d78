// The page of one's own factors: what they are called, when they were used, and how they change.

import { html, type Markup } from '../../runtime/http/markup.ts';
import type { Factor, FactorMethod } from '../factors/factor.ts';
import { actionForm, agoOf } from './parts.ts';
import type { Notice, OwnPage } from './shell.ts';

export const FACTORS = '/factors';
export const RENAME_FACTOR = '/factors/rename';
export const REMOVE_FACTOR = '/factors/remove';
export const DRAW_CODES = '/factors/recovery';
export const MAX_NAME = 64;

const KINDS: { readonly [Of in FactorMethod]?: string } = {
  security_key: 'Security key',
  biometrics: 'Passkey',
  totp: 'App for codes',
};
const FEW_CODES = 3;
const HOUR_MS = 3_600_000;

export interface FactorsView {
  readonly factors: readonly Factor[];
  readonly recoveryLeft: number;
  readonly person: string;
  readonly token: string;
  /** Where they confirm with one of them, and come back. */
  readonly confirmUrl: string;
  readonly now: number;
  readonly notice?: Notice | undefined;
  /** Recovery codes, which are shown this once. */
  readonly codes?: readonly string[] | undefined;
}

export function factorsPage(view: FactorsView): OwnPage {
  const { factors, person, notice } = view;
  const list =
    factors.length === 0
      ? html`<p class="empty card">You have none yet. An app or site may ask for one before it lets you in.</p>`
      : html`<ul class="rows">${factors.map((factor) => rowOf(factor, view))}</ul>`;
  return {
    title: 'Security',
    lead: 'What you confirm with that it is you, beside your password. Keep two at least: one may get lost. Before you change something, you confirm with one of them.',
    person,
    current: FACTORS,
    notice,
    content: html`${list}<div class="actions"><a class="primary" href="/enrol">Add a key, a passkey or an app</a>${factors.length === 0 ? '' : confirmOf(view)}</div>${factors.length === 0 ? '' : recoveryOf(view)}`,
  };
}

const confirmOf = ({ confirmUrl }: FactorsView): Markup =>
  html`<a class="quiet" href="${confirmUrl}">Confirm that it is you</a>`;

function rowOf({ id, method, name, createdAt, lastUsedAt, trustedFrom }: Factor, view: FactorsView): Markup {
  const { token, now } = view;
  const used = lastUsedAt === null ? 'never used' : html`last used ${agoOf(lastUsedAt, now)}`;
  const hours = Math.ceil((trustedFrom - now) / HOUR_MS);
  const later = hours > 0 ? ` It counts in full in ${hours} ${hours === 1 ? 'hour' : 'hours'}.` : '';
  const hidden = html`<input type="hidden" name="factor" value="${id}"><input type="hidden" name="token" value="${token}">`;
  const rename = html`<form class="gate" method="post" action="${RENAME_FACTOR}">${hidden}<div class="field"><label for="name-${id}">What do you call it?</label><input id="name-${id}" name="name" value="${name}" maxlength="${MAX_NAME}" autocomplete="off" required></div><button class="quiet">Save</button></form>`;
  const remove = actionForm({
    action: REMOVE_FACTOR,
    token,
    text: 'Remove',
    about: `${name} now`,
    fields: { factor: id },
    look: 'danger',
  });
  return html`<li class="row card"><div class="about"><h2>${name}</h2><p class="soft">${KINDS[method] ?? method}, added ${agoOf(createdAt, now)}, ${used}.${later}</p>
<details><summary>Rename<span class="hidden"> ${name}</span></summary>${rename}</details>
<details><summary>Remove<span class="hidden"> ${name}</span></summary><p>You cannot confirm with it any more, and sessions forget that you did.</p>${remove}</details></div></li>`;
}

function recoveryOf({ recoveryLeft, token, codes }: FactorsView): Markup {
  const left = `${recoveryLeft} ${recoveryLeft === 1 ? 'is' : 'are'} left`;
  const more = recoveryLeft <= FEW_CODES ? ' Make new ones soon.' : '';
  const text =
    recoveryLeft === 0
      ? 'You have none. They let you in when everything else is lost.'
      : `${left}. Each counts once, for when everything else is lost.${more}`;
  const list = codes ? html`<ol class="codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ol>` : '';
  const draw = actionForm({ action: DRAW_CODES, token, text: 'Make new codes' });
  return html`<section class="row card recovery" aria-labelledby="recovery-title"><div class="about"><h2 id="recovery-title">Recovery codes</h2><p class="soft">${text}</p>${list}</div>${draw}</section>`;
}
