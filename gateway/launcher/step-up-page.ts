// The page where somebody shows a factor. What it offers, its script in `page/people/` asks for.

import { html, type Markup } from '../../runtime/http/markup.ts';
import { enrolUrl } from './enrol-pages.ts';
import type { OwnPage } from './shell.ts';

const needsScript: Markup = html`<noscript><p class="note">This page needs JavaScript: keys and passkeys work by it alone.</p></noscript>`;
const trouble: Markup = html`<p id="trouble" class="note" role="alert" hidden></p>`;

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
  return html`<noscript><form class="gate" method="post" action="/step-up"><input type="hidden" name="to" value="${to}"><input type="hidden" name="token" value="${token}"><div class="field"><label for="plain">The code that your app shows, or a recovery code</label><input id="plain" class="code" name="code" autocomplete="one-time-code" maxlength="64" required${described}>${note}</div><button class="primary">Confirm</button><p class="soft">Keys and passkeys need JavaScript. Without any, <a href="${enrolUrl(to)}">add an app for codes</a>.</p></form></noscript>`;
}

/** @param form undefined for whoever has no session, or was not sent by an application */
export const stepUpPage = (form?: PlainForm): OwnPage => ({
  title: 'Confirm that it is you',
  lead: html`<span id="why">${form ? '' : 'One moment…'}</span>`,
  script: 'step-up',
  content: html`${form ? plainForm(form) : needsScript}${trouble}<div class="gate"><div id="key-part" hidden><button type="button" class="primary" id="key">Use a key or passkey</button></div>
<form id="code-part" class="gate" hidden><div class="field"><label for="code">The code that your app shows</label><input id="code" class="code" inputmode="numeric" autocomplete="one-time-code" maxlength="6" pattern="[0-9]{6}" required></div><button class="primary">Confirm</button></form>
<p id="enrol-part" hidden><a class="primary" href="${enrolUrl(form?.to)}">Add a key, a passkey or an app</a></p>
<details id="recovery-part" hidden><summary>I have none of them here</summary><form id="recovery-form" class="gate"><div class="field"><label for="recovery">A recovery code</label><input id="recovery" class="code" autocomplete="off" maxlength="64" required></div><button class="quiet">Use it, and add a new factor</button></form></details></div>`,
});
