// Script of an application against the gateway's own host, in a real browser: both are of one site,
// so that the browser sends the person's cookies along. Nothing is read, and nothing is done.

import { describe, expect } from 'vitest';
import { OWN_ROUTES } from '../../gateway/identity/routes/own-pages.ts';
import { launcherSite } from '../support/gateway/identity/launcher-site.ts';
import { personOf } from '../support/gateway/identity/people.ts';
import { browserTest as test } from '../support/vitest/browser-test.ts';

const ANN = personOf('ann');
const WITH_PROVIDER = ['/callback/staff', '/back-channel-logout/staff'].flatMap((path) => [
  [path, 'GET'],
  [path, 'POST'],
]);
const WORKER =
  "self.addEventListener('fetch', (e) => e.respondWith(new Response('<h1>forged</h1>', { headers: { 'Content-Type': 'text/html' } })))";

interface Target {
  readonly own: string;
  readonly routes: readonly (readonly string[])[];
  readonly session: string;
}

// What follows runs in a page of the application, and returns what it could read.

async function fetchAll({ own, routes, session }: Target): Promise<string[]> {
  const read: string[] = [];
  const form = new URLSearchParams({ session, token: '', keep: 'no' }).toString();
  const attempts: Promise<unknown>[] = [];
  for (const [path = '', method] of routes)
    for (const mode of ['cors', 'no-cors'] as const)
      for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'application/json']) {
        const isPost = method === 'POST';
        if (!isPost && type !== 'text/plain') continue;
        const headers = isPost ? { 'Content-Type': type } : {};
        const body = isPost ? (type.endsWith('json') ? JSON.stringify({ session }) : form) : null;
        attempts.push(
          fetch(own + path, { method: method ?? 'GET', mode, credentials: 'include', headers, body }).then(
            async (response) => {
              const text = await response.text().catch(() => '');
              if (response.type !== 'opaque' || text !== '') read.push(`fetch ${mode} ${method} ${path}`);
            },
            () => undefined,
          ),
        );
      }
  await Promise.all(attempts);
  return read;
}

async function frameAll({ own, routes, session }: Target): Promise<string[]> {
  const read: string[] = [];
  const loads = routes.map(([path = '', method]) => {
    const frame = document.createElement('iframe');
    frame.name = `f${Math.random()}`;
    document.body.append(frame);
    const loaded = new Promise((resolve) => {
      frame.addEventListener('load', resolve);
      setTimeout(resolve, 3_000);
    });
    if (method === 'GET') frame.src = own + path;
    else {
      const made = document.createElement('form');
      Object.assign(made, { method: 'post', action: own + path, target: frame.name });
      for (const [name, value] of Object.entries({ session, token: '', keep: 'no' })) {
        const input = document.createElement('input');
        Object.assign(input, { name, value });
        made.append(input);
      }
      document.body.append(made);
      made.submit();
    }
    return loaded.then(() => {
      try {
        if (frame.contentDocument?.location.href.startsWith(own)) read.push(`frame ${path}`);
      } catch {
        // Of another origin.
      }
    });
  });
  await Promise.all(loads);
  return read;
}

async function loadAll({ own, routes }: Target): Promise<string[]> {
  const read: string[] = [];
  for (const tag of ['script', 'img', 'link', 'object', 'embed'])
    for (const [path = ''] of routes) {
      const element = document.createElement(tag);
      const url = own + path;
      Object.assign(element, tag === 'link' ? { rel: 'stylesheet', href: url } : { src: url, data: url });
      element.addEventListener('load', () => {
        if (tag !== 'object' && tag !== 'embed') read.push(`${tag} ${path}`);
      });
      document.head.append(element);
    }
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return read;
}

describe('script of an application', () => {
  test("reads nothing of the gateway's own pages and changes nothing, although cookies go along", async ({
    browser,
  }) => {
    const site = await launcherSite(
      (request, response) => {
        response.setHeader('Content-Type', request.url === '/sw.js' ? 'text/javascript' : 'text/html');
        response.end(request.url === '/sw.js' ? WORKER : '<!doctype html><title>wiki</title><body>');
      },
      '',
      { openWiki: true },
    );
    const { origin, enter, store, state } = site;
    const context = await browser.newContext();
    const page = await context.newPage();
    const id = await enter(ANN, 'Firefox on Linux', context);
    const other = await enter(ANN, 'Chrome on Android');
    const sent: Promise<string | null>[] = [];
    page.on('request', (request) => {
      if (request.url().startsWith(origin('auth'))) sent.push(request.headerValue('cookie').catch(() => null));
    });
    const kept = () => JSON.stringify(state.list('session', '', 100));
    const before = kept();
    await page.goto(`${origin('wiki')}/`);
    const routes = [...OWN_ROUTES.map((route) => [...route]), ...WITH_PROVIDER];
    const target: Target = { own: origin('auth'), routes, session: other };
    const read = [
      ...(await page.evaluate(fetchAll, target)),
      ...(await page.evaluate(frameAll, target)),
      ...(await page.evaluate(loadAll, target)),
    ];
    expect(read).toEqual([]);
    const cookies = (await Promise.all(sent)).filter((cookie) => cookie?.includes('cv-session'));
    expect(cookies.length, 'requests with the cookie of the person').toBeGreaterThan(routes.length / 2);
    expect(kept()).toBe(before);
    expect(await store.readPerson(id)).toBeDefined();
    expect(await store.readPerson(other)).toBeDefined();
    await context.close();
  });

  test('catches nothing by a service worker for all of its own host, nor registers one there', async ({ browser }) => {
    const { origin, enter } = await launcherSite(
      (request, response) => {
        response.setHeader('Content-Type', request.url === '/sw.js' ? 'text/javascript' : 'text/html');
        response.end(request.url === '/sw.js' ? WORKER : '<!doctype html><title>wiki</title><body>');
      },
      '',
      { openWiki: true },
    );
    const context = await browser.newContext();
    const page = await context.newPage();
    await enter(ANN, 'Firefox on Linux', context);
    await page.goto(`${origin('wiki')}/`);
    await page.evaluate(async () => {
      await navigator.serviceWorker.register('/sw.js', { scope: '/' });
      await navigator.serviceWorker.ready;
    });
    await page.reload();
    expect(await page.textContent('h1')).toBe('forged');
    await page.goto(`${origin('auth')}/`);
    expect(await page.textContent('h1')).toBe('Your apps');
    const there = await page.goto(`${origin('wiki')}/`);
    expect(there?.fromServiceWorker()).toBe(true);
    const failed = await page.evaluate(
      (own) => navigator.serviceWorker.register(`${own}/assets/x.js`, { scope: '/' }).then(() => '', String),
      origin('auth'),
    );
    expect(failed).toContain('SecurityError');
    await context.close();
  });

  test('gets no hold of a window with such a page', async ({ browser }) => {
    const { origin, enter } = await launcherSite(
      (_request, response) => {
        response.setHeader('Content-Type', 'text/html');
        response.end('<!doctype html><title>wiki</title><body>');
      },
      '',
      { openWiki: true },
    );
    const context = await browser.newContext();
    const page = await context.newPage();
    await enter(ANN, 'Firefox on Linux', context);
    await page.goto(`${origin('wiki')}/`);
    const opened = context.waitForEvent('page');
    await page.evaluate((own) => {
      (window as unknown as { taken: unknown }).taken = window.open(`${own}/sessions`);
    }, origin('auth'));
    const other = await opened;
    await other.waitForSelector('h1');
    expect(await other.textContent('h1')).toBe('Sessions');
    expect(await other.evaluate(() => window.opener)).toBeNull();
    expect(await page.evaluate(() => (window as unknown as { taken: Window }).taken.closed)).toBe(true);
    await context.close();
  });
});
