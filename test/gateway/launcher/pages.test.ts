// The pages at the gateway's own host: what people see there, how it is sent, and what their forms
// do for whom.

import { describe, expect, test } from 'vitest';
import { HTML } from '../../support/gateway/identity/browser.ts';
import { launcherWorld } from '../../support/gateway/identity/launcher-world.ts';
import { personOf } from '../../support/gateway/identity/people.ts';
import { valuesOf } from '../../support/gateway/visit.ts';

const OWN = 'http://auth.example';
const HOSTILE = `"><img src=x onerror=alert(1)>'\`<script>{{7*7}}</script>&amp;`;
const APPS = `  wiki.example: { to: "http://127.0.0.1:1", access: { label: ${JSON.stringify(HOSTILE.slice(0, 64))}, policies: [{ name: all, action: allow, include: [{ emailDomain: example.com }] }] } }
  money.example: { to: "http://127.0.0.1:1", access: { policies: [{ name: finance, action: allow, include: [{ group: finance }] }] } }
  hidden.example: { to: "http://127.0.0.1:1", access: { launcher: false, policies: [{ name: all, action: allow, include: [{ everyone: true }] }] } }
`;

describe('the page of applications', () => {
  test('shows those that a person may open, and links to them', async () => {
    const { enter } = await launcherWorld(APPS);
    const { text } = await (await enter(personOf('ann'))).browser.get(`${OWN}/`);
    expect(text).toContain('href="http://wiki.example/"');
    expect(text).not.toMatch(/money|hidden\.example/);
    const finance = await (await enter(personOf('cy', { groups: ['finance'] }))).browser.get(`${OWN}/`);
    expect(finance.text).toContain('href="http://money.example/"');
    const nobody = await (await enter(personOf('bo', { email: undefined }))).browser.get(`${OWN}/`);
    expect(nobody.text).toContain('No apps yet');
  });

  test('offers to sign in to whoever has not, and leads back to the page that they wanted', async () => {
    const { browser, store } = await launcherWorld(APPS);
    for (const path of ['/', '/sessions']) {
      const page = await browser().get(`${OWN}${path}`);
      expect(page.code).toBe(200);
      expect(page.text).toContain('Staff &amp; &lt;b&gt;friends&lt;/b&gt;');
      expect(page.text).toMatch(/href="\/sign-in\?to=[\w-]+&amp;with=staff"/);
      expect(page.text).not.toMatch(/wiki|token/);
    }
    expect((await store.listOf(personOf('ann'))).length).toBe(0);
  });
});

describe('each page', () => {
  test('escapes what people, providers and the operator named', async () => {
    const { enter } = await launcherWorld(APPS);
    const person = personOf('x', { email: `x${HOSTILE}@example.com`, subject: HOSTILE });
    const { browser, open } = await enter(person, HOSTILE);
    await open(`${HOSTILE}.example`);
    for (const path of ['/', '/sessions', '/factors', '/sign-out']) {
      const { text, code } = await browser.get(`${OWN}${path}`);
      expect(code, path).toBe(200);
      expect(text, path).toContain('&lt;img src=x');
      expect(text, path).not.toMatch(/<img src=x|<script|<b>|" ?onerror/i);
    }
  });

  test('runs nothing that is inline, is in no frame, and stays in no cache', async () => {
    const { enter, browser } = await launcherWorld(APPS);
    const { browser: own } = await enter(personOf('ann'));
    const pages = [
      await browser().get(`${OWN}/`),
      ...(await Promise.all(
        ['/', '/sessions', '/factors', '/sign-out', '/signed-out'].map((path) => own.get(`${OWN}${path}`)),
      )),
    ];
    for (const page of pages) {
      const [policy = ''] = valuesOf(page, 'content-security-policy');
      expect(policy).toMatch(/^default-src 'none'; style-src 'self'; /);
      expect(policy).not.toMatch(/unsafe|\*|data:|http|script-src/);
      expect(policy).toContain("form-action 'self'; frame-ancestors 'none'; base-uri 'none'");
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(valuesOf(page, 'x-frame-options')).toEqual(['DENY']);
      expect(valuesOf(page, 'cache-control')).toEqual(['no-store']);
      expect(valuesOf(page, 'cross-origin-opener-policy')).toEqual(['same-origin']);
      expect(valuesOf(page, 'cross-origin-resource-policy')).toEqual(['same-origin']);
      expect(valuesOf(page, 'access-control-allow-origin')).toEqual([]);
      expect(page.text).not.toMatch(/<style|<script| style=|<[^>]* on[a-z]+=|javascript:/i);
      expect(page.text).toMatch(/<html lang="en">[\s\S]*<title>[^<]+<\/title>[\s\S]*<h1>[^<]+<\/h1>/);
    }
  });

  test('with a script runs those of the gateway alone, and keeps its headers', async () => {
    const { enter } = await launcherWorld(APPS);
    const { browser } = await enter(personOf('x', { email: `x${HOSTILE}@example.com` }));
    for (const path of ['/enrol', '/step-up']) {
      const page = await browser.get(`${OWN}${path}`);
      expect(page.code, path).toBe(200);
      const [policy = ''] = valuesOf(page, 'content-security-policy');
      expect(policy).toContain("script-src 'self'; connect-src 'self'; worker-src 'none'; form-action 'self'");
      expect(policy).not.toMatch(/unsafe|\*|data:|http/);
      expect(valuesOf(page, 'cache-control')).toEqual(['no-store']);
      expect(valuesOf(page, 'x-frame-options')).toEqual(['DENY']);
      const scripts = [...page.text.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)];
      expect(scripts).toHaveLength(1);
      expect(scripts[0]?.[1]).toMatch(/^ type="module" src="\/assets\/[0-9a-f]{16}\/page\/people\/[a-z-]+\.[tj]s"$/);
      expect(scripts[0]?.[2]).toBe('');
      const bare = page.text.replaceAll(/"[^"]*"/g, '""');
      expect(bare).not.toMatch(/<img src=x|<style| style=|<[^>]* on[a-z]+=/i);
      const [, src = ''] = /<script[^>]* src="([^"]+)"/.exec(page.text) ?? [];
      const file = await browser.get(`${OWN}${src}`);
      expect(valuesOf(file, 'content-type').join()).toMatch(/^text\/javascript/);
    }
  });

  test('has styles in files with a hash in their path, which are the same for everybody', async () => {
    const { browser } = await launcherWorld(APPS);
    const { text } = await browser().get(`${OWN}/`);
    const files = [...text.matchAll(/(?:href|src)="(\/assets\/[0-9a-f]{16}\/[^"]+)"/g)].map(([, path]) => path);
    expect(files.length).toBeGreaterThanOrEqual(3);
    for (const path of files) {
      const file = await browser().get(`${OWN}${path}`);
      expect(file.code).toBe(200);
      expect(valuesOf(file, 'cache-control')).toEqual(['public, max-age=31536000, immutable']);
      expect(valuesOf(file, 'cross-origin-resource-policy')).toEqual(['same-origin']);
      expect(valuesOf(file, 'x-content-type-options')).toEqual(['nosniff']);
    }
    for (const path of ['/assets/', '/assets/../page/people.css', `${files[0]}x`, '/assets/%2e%2e/%2e%2e/package.json'])
      expect((await browser().get(`${OWN}${path}`)).code, path).toBeGreaterThanOrEqual(400);
  });

  test('is for the tab of a browser: no page of another host gets it as data or in a frame', async () => {
    const { enter } = await launcherWorld(APPS);
    const { browser } = await enter(personOf('ann'));
    const other = { ...HTML, 'Sec-Fetch-Site': 'same-site', Origin: 'http://wiki.example' };
    for (const path of [
      '/',
      '/sessions',
      '/factors',
      '/enrol',
      '/step-up',
      '/sign-out',
      '/sign-in?to=x',
      '/signed-out',
    ])
      for (const [dest, mode] of [
        ['empty', 'cors'],
        ['empty', 'no-cors'],
        ['iframe', 'navigate'],
        ['object', 'navigate'],
        ['image', 'no-cors'],
        ['script', 'no-cors'],
        ['style', 'no-cors'],
        ['serviceworker', 'same-origin'],
      ] as const) {
        const headers = { ...other, 'Sec-Fetch-Dest': dest, 'Sec-Fetch-Mode': mode };
        const answer = await browser.send(`${OWN}${path}`, { path: '', headers });
        expect(answer.code, `${path} ${dest}`).toBe(403);
        expect(answer.text).not.toContain('ann@');
      }
    const linked = await browser.get(`${OWN}/`, { ...HTML, 'Sec-Fetch-Site': 'cross-site' });
    expect(linked.code).toBe(200);
  });
});
