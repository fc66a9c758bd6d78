// A person at the gateway's own pages, as their scripts ask: with an app, an authenticator, codes.

import { type Browser, HTML, type Page } from '../identity/browser.ts';
import type { SignInWorld } from '../identity/sign-in-world.ts';
import { valuesOf } from '../visit.ts';
import type { Authenticator } from './authenticator.ts';
import { appCode } from './book.ts';

export const AUTH = 'http://auth.example';
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

  /** What the page of somebody's own factors reads. */
  async read(): Promise<Record<string, unknown>> {
    const { body } = await this.get('/api/factors');
    this.token = String(body.token ?? '');
    return body;
  }

  /** @returns the answer to the last step */
  async enrolKey(authenticator: Authenticator, method = 'security_key', code?: string): Promise<Reply> {
    await this.read();
    const begun = await this.post('/api/factors/begin', { method, ...(code !== undefined && { code }) });
    if (begun.code !== 200) return begun;
    const key = authenticator.create(begun.body.key as Parameters<Authenticator['create']>[0]);
    return this.#finish({ enrolment: begun.body.enrolment, name: `my ${method}`, key });
  }

  /** @returns the answer to the last step, and the secret */
  async enrolApp(code?: string): Promise<Reply & { readonly secret: string }> {
    await this.read();
    const begun = await this.post('/api/factors/begin', { method: 'totp', ...(code !== undefined && { code }) });
    if (begun.code !== 200) return { ...begun, secret: '' };
    const { secret } = begun.body.totp as { readonly secret: string };
    const proof = { code: appCode(secret, Date.now()) };
    return { ...(await this.#finish({ enrolment: begun.body.enrolment, name: 'app', ...proof })), secret };
  }

  async #finish(body: object): Promise<Reply> {
    const reply = await this.post('/api/factors/finish', body);
    if (reply.code === 200) this.token = String(reply.body.token);
    return reply;
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
    await this.read();
    const { body } = await this.post('/api/factors/manage', {});
    await this.open(`${AUTH}/step-up#${body.challenge}`);
    return this.answerKey(body.challenge, authenticator);
  }
}

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
