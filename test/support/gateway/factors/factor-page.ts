// A person at the gateway's own pages, by their forms and as their scripts ask: with an app, an
// authenticator, codes.

import { type Browser, HTML, type Page } from '../identity/browser.ts';
import type { SignInWorld } from '../identity/sign-in-world.ts';
import { valuesOf } from '../visit.ts';
import type { Authenticator } from './authenticator.ts';
import { appCode } from './book.ts';

export const AUTH = 'http://auth.example';
const FORM = { ...HTML, 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/x-www-form-urlencoded' };
const SCRIPT = { Accept: 'application/json', 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'cors' };

export interface Reply {
  readonly code: number;
  readonly body: Record<string, unknown> & { readonly code?: string };
}

export class FactorPage {
  readonly browser: Browser;
  readonly #origin: string;
  token = '';

  constructor(browser: Browser, origin = AUTH) {
    this.browser = browser;
    this.#origin = origin;
  }

  async get(path: string): Promise<Reply> {
    return replyOf(await this.browser.get(this.#origin + path, SCRIPT));
  }

  async post(path: string, body: unknown, more: Record<string, string> = {}): Promise<Reply> {
    const headers = { ...SCRIPT, 'Content-Type': 'application/json', 'X-Credveil-Token': this.token, ...more };
    return replyOf(
      await this.browser.send(this.#origin + path, { method: 'POST', path: '', headers, body: JSON.stringify(body) }),
    );
  }

  /** The page of a new factor. @returns what has to be shown for one */
  async read(): Promise<{ readonly token: string; readonly needs: 'open' | 'factor' | 'code' }> {
    const { text } = await this.browser.get(`${this.#origin}/enrol`);
    this.token = fieldsOf(text).token ?? '';
    const needs = text.includes('Confirm that it is you')
      ? 'factor'
      : text.includes('id="enrolment"')
        ? 'code'
        : 'open';
    return { token: this.token, needs };
  }

  /** What a form of one of their pages does. */
  form(path: string, fields: Record<string, string>, headers: object = {}): Promise<Page> {
    const body = new URLSearchParams({ token: this.token, ...fields }).toString();
    return this.browser.send(this.#origin + path, {
      method: 'POST',
      path: '',
      headers: { ...FORM, ...headers },
      body,
    });
  }

  /** A challenge for changes of one's own factors. */
  async manage(): Promise<Reply> {
    const { text } = await this.browser.get(`${this.#origin}/factors`);
    return this.open(this.#origin + (/href="(\/step-up\?to=[^"]+)"/.exec(text)?.[1] ?? ''));
  }

  /** @returns new recovery codes; none where they have to confirm first */
  async drawCodes(): Promise<readonly string[]> {
    await this.read();
    const { text } = await this.form('/factors/recovery', {});
    return [...text.matchAll(/<li><code>([^<]+)<\/code>/g)].map(([, code = '']) => code);
  }

  /** @returns the answer to the last step */
  async enrolKey(authenticator: Authenticator, method = 'security_key', code?: string, to = ''): Promise<Reply> {
    await this.read();
    const begun = await this.post('/api/factors/begin', { method, ...(code !== undefined && { code }) });
    if (begun.code !== 200) return begun;
    const key = authenticator.create(begun.body.key as Parameters<Authenticator['create']>[0]);
    const made = { enrolment: begun.body.enrolment, name: `my ${method}`, key, to };
    const reply = await this.post('/api/factors/finish', made);
    if (reply.code === 200) await this.read();
    return reply;
  }

  /** @returns the answer to the last step, and the secret */
  async enrolApp(code?: string): Promise<Reply & { readonly secret: string }> {
    await this.read();
    const begun = await this.form('/enrol', { method: 'totp', name: 'app', ...(code !== undefined && { code }) });
    if (begun.code !== 200) {
      const [, refused = ''] = REFUSALS.find(([message]) => begun.text.includes(message)) ?? [];
      return { code: begun.code, body: { code: refused }, secret: '' };
    }
    const secret = secretIn(begun.text);
    const { code: status } = await this.form('/enrol/app', {
      ...fieldsOf(begun.text),
      code: appCode(secret, Date.now()),
    });
    if (status === 200) await this.read();
    return { code: status, body: {}, secret };
  }

  /** @param page of an application, or of a challenge */
  async open(page: URL | string): Promise<Reply> {
    const url = new URL(page);
    const to = url.searchParams.get('to');
    const opened = await this.post('/api/challenge/open', to === null ? { challenge: url.hash.slice(1) } : { to });
    if (opened.code === 200) this.token = String(opened.body.token ?? this.token);
    return opened;
  }

  async answerKey(challenge: unknown, authenticator: Authenticator, lie: object = {}): Promise<Reply> {
    const options = await this.post('/api/challenge/key', { challenge });
    if (options.code !== 200) return options;
    const key = authenticator.get(options.body as unknown as Parameters<Authenticator['get']>[0], lie);
    return this.post('/api/challenge/answer', { challenge, key });
  }

  answerCode(challenge: unknown, code: string): Promise<Reply> {
    return this.post('/api/challenge/answer', { challenge, code });
  }

  /** For changes of one's own factors. */
  async confirm(authenticator: Authenticator): Promise<Reply> {
    const { body } = await this.manage();
    return this.answerKey(body.challenge, authenticator);
  }
}

const REFUSALS = [
  ['Confirm with what you have first', 'FACTOR_NEEDED'],
  ['Type the code that you were given.', 'ENROLMENT_CLOSED'],
  ['This is not the code', 'FACTOR_WRONG'],
] as const;

/** What the form of a page brings back. */
export const fieldsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
  );

/** Of the page that shows a key to an app. */
export const secretIn = (text: string): string =>
  (/id="secret">([A-Z2-7 ]+)</.exec(text)?.[1] ?? '').replaceAll(' ', '');

const replyOf = (page: Page): Reply => ({
  code: page.code,
  body: page.text === '' ? {} : (JSON.parse(page.text) as Reply['body']),
});

/** Somebody who has signed in for app.example, as far as they come. */
export async function signedIn(world: Pick<SignInWorld, 'browser' | 'provider'>, user = 'ann') {
  world.provider.user = user;
  const browser = world.browser();
  const page = await browser.open('http://app.example/page', { stopAt: isStepUp });
  return { browser, page, own: new FactorPage(browser) };
}

export const isStepUp = ({ pathname }: URL): boolean => pathname === '/step-up';

/** Where a request is sent for a factor; undefined if it passes. */
export async function stepUpOf(browser: Browser, address = 'http://app.example/page'): Promise<URL | undefined> {
  const page = await browser.get(address, HTML);
  const [location] = valuesOf(page, 'location');
  const url = location === undefined ? undefined : new URL(location);
  if (url && isStepUp(url)) return url;
  if (page.code !== 200) throw new Error(`${page.code}, to ${location}`);
  return undefined;
}
