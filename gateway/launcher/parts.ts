// What several pages show: times, forms with one button, and empty lists.

import { html, type Markup } from '../../runtime/http/markup.ts';

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** How long ago: the gateway does not know the time zone of a browser. */
export function agoOf(time: number, now: number): Markup {
  const ms = Math.max(0, now - time);
  const [unit, length] = UNITS.find(([, each]) => ms >= each) ?? ['moment', 0];
  const count = length === 0 ? 0 : Math.floor(ms / length);
  const text = count === 0 ? 'just now' : `${count} ${unit}${count === 1 ? '' : 's'} ago`;
  const iso = new Date(time).toISOString();
  return html`<time datetime="${iso}" title="${`${iso.slice(0, 16).replace('T', ' ')} UTC`}">${text}</time>`;
}

export interface ActionForm {
  readonly action: string;
  readonly token: string;
  readonly text: string;
  /** What the button is about, where several have one text: for screen readers. */
  readonly about?: string;
  readonly fields?: { readonly [name: string]: string | readonly string[] };
  readonly look?: 'quiet' | 'primary' | 'danger';
}

/** A button that changes something. */
export function actionForm({ action, token, text, about, fields = {}, look = 'quiet' }: ActionForm): Markup {
  const hidden = Object.entries({ ...fields, token }).flatMap(([name, values]) =>
    [values].flat().map((value) => html`<input type="hidden" name="${name}" value="${value}">`),
  );
  const more = about === undefined ? '' : html`<span class="hidden"> ${about}</span>`;
  return html`<form method="post" action="${action}">${hidden}<button class="${look}">${text}${more}</button></form>`;
}

export const emptyOf = (title: string, text: string): Markup =>
  html`<div class="empty card"><h2>${title}</h2><p class="soft">${text}</p></div>`;
