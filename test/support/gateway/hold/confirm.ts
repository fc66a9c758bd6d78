// The owner of an account confirms a held login in the browser that has sent it, by a mailed code.

import { expect } from 'vitest';
import { type Browser, HTML, type Page } from '../identity/browser.ts';
import { valuesOf } from '../visit.ts';
import type { HoldWorld } from './hold-world.ts';

const FORM = { ...HTML, 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/x-www-form-urlencoded' };

/** What a browser sends when somebody clicks the button of a form there. */
export const send = (browser: Browser, url: string, fields: { readonly [name: string]: string }): Promise<Page> =>
  browser.send(url, { method: 'POST', path: '', headers: FORM, body: new URLSearchParams(fields).toString() });

/** @param held the answer to the login @returns the pages, and where the browser is led */
export async function confirmByMail({ mail }: HoldWorld, browser: Browser, held: Page) {
  const before = mail.mails.length;
  const [handoff = ''] = valuesOf(held, 'location');
  const ask = await browser.get(handoff);
  await send(browser, 'http://auth.example/hold/mail', {});
  const codes = () => mail.mails.slice(before).flatMap(({ text }) => /is (\d{8})\./.exec(text)?.[1] ?? []);
  await expect.poll(codes).toHaveLength(1);
  const done = await send(browser, 'http://auth.example/hold/code', { code: codes()[0] ?? '' });
  const [refresh = ''] = valuesOf(done, 'refresh');
  const back = await browser.get(refresh.replace('0;url=', ''));
  return { ask, back, location: valuesOf(back, 'location')[0] ?? '' };
}
