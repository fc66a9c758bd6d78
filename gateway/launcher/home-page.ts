// The page where people find their applications.

import { html, type Markup } from '../../runtime/http/markup.ts';
import type { Need, OwnApp } from './own-apps.ts';
import { emptyOf } from './parts.ts';
import type { OwnPage } from './shell.ts';
import { waitingNote } from './waiting-page.ts';

const TINTS = 6;

export function homePage(apps: readonly OwnApp[], person: string, waiting = 0): OwnPage {
  return {
    title: 'Your apps',
    person,
    current: '/',
    content: html`${waitingNote(waiting)}${
      apps.length === 0
        ? emptyOf('No apps yet', 'No application here is open to you. If one should be, ask who manages them.')
        : html`<ul class="apps">${apps.map(tileOf)}</ul>`
    }`,
  };
}

const NEEDS: { readonly [Of in Need]: string } = {
  device: 'Needs a managed device',
  place: 'Not from where you are now',
};

function tileOf({ label, url, place, needs }: OwnApp): Markup {
  const initial = Array.from(label.trim())[0]?.toUpperCase() ?? '·';
  const tint = `tile tint-${Array.from(label).reduce((sum, each) => sum + (each.codePointAt(0) ?? 0), 0) % TINTS}`;
  const where = place === '' ? '' : html`<span class="where">${place}</span>`;
  const asked = needs.map((need) => html` <span class="where">${NEEDS[need]}</span>`);
  return html`<li><a class="app card" href="${url}"><span class="${tint}" aria-hidden="true">${initial}</span><span class="names"><span class="label">${label}</span> ${where}${asked}</span></a></li>`;
}
