// The pages in a browser: every verdict by keyboard alone under both suites, nothing of the credential on the wire, no
// complaint in the console, and nothing serious that axe-core finds, in light and dark and from a small phone on.

import crypto from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createSodiumOprf } from '../../accel/oprf-sodium.ts';
import { TEST_CREDENTIALS } from '../../protocol/test-credentials.ts';
import { type CredveilServer, startServer } from '../../server/server.ts';
import {
  expectAccessible,
  expectNoOverflow,
  openWatched,
  screenshot,
  startBrowser,
  type View,
  type WatchedPage,
  wireText,
} from '../fixtures/browser.ts';
import { type MadeDataset, makeDataset, seededPairs, seededPasswords } from '../fixtures/dataset.ts';
import { startFront } from '../fixtures/http-front.ts';

const DESKTOP: View = { width: 1280, height: 800, scheme: 'light' };
const VIEWS: readonly (View & { readonly name: string })[] = [
  { name: 'desktop', ...DESKTOP },
  { name: 'desktop-dark', ...DESKTOP, scheme: 'dark' },
  { name: 'phone', width: 390, height: 844, scheme: 'light' },
  { name: 'phone-dark', width: 390, height: 844, scheme: 'dark' },
  { name: 'small-phone', width: 320, height: 640, scheme: 'light' },
];
const VERDICTS = Object.entries(TEST_CREDENTIALS);
const CONTENT = {
  pairs: seededPairs(3_000),
  passwords: seededPasswords(500),
  similar: true,
  metadataBytes: 3,
  bucketFloor: 256,
} as const;
type SuiteName = 'hmac' | 'oprf';

let browser: Browser;
let worlds: { readonly [suite in SuiteName]: { readonly made: MadeDataset; readonly server: CredveilServer } };
const open: WatchedPage[] = [];

beforeAll(async () => {
  browser = await startBrowser();
  const hmac = await makeDataset(CONTENT);
  const oprf = await makeDataset({ ...CONTENT, suite: 'oprf', oprf: await createSodiumOprf() });
  worlds = {
    // The first answers for the second too: as while keys are rotated.
    hmac: {
      made: hmac,
      server: await startServer(hmac.folder, { port: 0, additional: [{ folder: oprf.folder, key: oprf.key }] }),
    },
    oprf: { made: oprf, server: await startServer(oprf.folder, { port: 0, key: oprf.key }) },
  };
}, 600_000);

afterEach(async () => {
  for (const watched of open.splice(0)) await watched.close();
});

afterAll(async () => {
  await browser?.close();
  for (const { made, server } of Object.values(worlds ?? {})) {
    await server.close({ deadlineMs: 100 });
    made.dispose();
  }
});

async function visit(suite: SuiteName, target: string, view: View = DESKTOP): Promise<WatchedPage> {
  const watched = await openWatched(browser, view);
  open.push(watched);
  await watched.page.goto(`${worlds[suite].server.url}${target}`);
  if (target === '/') await watched.page.waitForSelector('#check:enabled');
  return watched;
}

const keyOf = (suite: SuiteName): string => worlds[suite].made.key.revealText();
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent?.trim() || '');

/** Goes on with the Tab key until something has the focus. Fails where it is never reached. */
async function tabTo(page: Page, wanted: string): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press('Tab');
    if ((await focused(page)) === wanted) return;
  }
  throw new Error(`the Tab key does not reach ${wanted}`);
}

async function readVerdict(page: Page): Promise<string> {
  await page.waitForSelector('#verdict-text[data-status]');
  return (await page.getAttribute('#verdict-text', 'data-status')) ?? '';
}

/** Both fields and their plain hashes, in the spellings that a careless page would send. */
function traces(...texts: string[]): string[] {
  const hashes = ['sha1', 'sha256', 'md5', 'sha512'].flatMap((name) =>
    texts.flatMap((text) => {
      const digest = crypto.createHash(name).update(text).digest();
      return [
        digest.toString('hex'),
        digest.toString('base64'),
        digest.toString('base64url'),
        digest.toString('latin1'),
      ];
    }),
  );
  const plain = texts.flatMap((text) => [
    text,
    encodeURIComponent(text),
    Buffer.from(text).toString('base64'),
    Buffer.from(text).toString('hex'),
  ]);
  return [...plain, ...hashes].map((text) => text.toLowerCase());
}

describe.each(['hmac', 'oprf'] as const)('under %s', (suite) => {
  test.each(VERDICTS)(
    'the verdict %s is reached by keyboard alone, and nothing of the credential is sent',
    async (status, credential) => {
      const { page, complaints, requests } = await visit(suite, '/');
      const sent = requests.length;
      await tabTo(page, 'username');
      await page.keyboard.type(credential.username);
      await tabTo(page, 'password');
      await page.keyboard.type(credential.password);
      if (suite === 'hmac') {
        await tabTo(page, 'key');
        await page.keyboard.insertText(keyOf(suite));
      }
      await tabTo(page, 'check');
      await page.keyboard.press('Enter');
      expect(await readVerdict(page)).toBe(status);
      expect(await focused(page)).toBe('check');
      expect(complaints).toEqual([]);
      // What is said aloud is said in a live region.
      expect(await page.getAttribute('#verdict-text', 'aria-live')).toBe('polite');

      const wire = await Promise.all(requests.map(wireText));
      expect(wire.length).toBeGreaterThan(sent);
      const secrets = traces(credential.username, credential.password, ...(suite === 'hmac' ? [keyOf(suite)] : []));
      for (const text of wire) {
        expect(new URL(text.split(' ')[1]?.split('\n')[0] ?? '').origin).toBe(worlds[suite].server.url);
        for (const secret of secrets) expect(text.toLowerCase()).not.toContain(secret);
      }
      // What the page says that it sent is what it sent.
      const shown = await page.locator('#wire th').allTextContents();
      const asked = requests.filter((request) => request.url().includes('/v1/'));
      expect(shown).toEqual(
        asked.map((request) => `${request.method()} ${request.url().slice(worlds[suite].server.url.length)}`),
      );
      const [dump] = await page.locator('#step-send .bytes').allTextContents();
      if (suite === 'oprf') expect(asked.map((request) => request.postDataBuffer()?.toString('hex'))).toContain(dump);
      expect(page.url()).toBe(`${worlds[suite].server.url}/`);
      expect(await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie])).toEqual([
        0,
        0,
        '',
      ]);
    },
  );

  test('the published credentials are a key press away', async () => {
    const { page, complaints } = await visit(suite, '/');
    if (suite === 'hmac') {
      // Without the key the page says what it needs, and goes there.
      await page.press('[data-sample=pair]', 'Enter');
      expect(await focused(page)).toBe('key');
      expect(await page.textContent('#key-error')).toContain('Paste the key');
      await page.keyboard.insertText(keyOf(suite));
    }
    for (const [status] of VERDICTS) {
      await page.evaluate(() => document.getElementById('verdict-text')?.removeAttribute('data-status'));
      await page.press(`[data-sample=${status}]`, 'Enter');
      expect(await readVerdict(page)).toBe(status);
    }
    expect(complaints).toEqual([]);
  });

  test('the steps say what was done: bits, buckets, tags', async () => {
    const { page } = await visit(suite, '/');
    if (suite === 'hmac') await page.fill('#key', keyOf(suite));
    await page.fill('#username', ' CANARY@Credveil.invalid');
    await page.fill('#password', TEST_CREDENTIALS.pair.password);
    await page.press('#password', 'Enter');
    expect(await readVerdict(page)).toBe('pair');
    expect(await page.textContent('#step-normalize dd >> nth=1')).toBe(TEST_CREDENTIALS.pair.username);
    const { account } = (await worlds[suite].made.publish()).indexes;
    expect(await page.locator('#step-hash .bits >> nth=0').locator('.goes').count()).toBe(account?.prefixBits);
    const hash = Buffer.from(
      await page.evaluate(() => [...document.querySelectorAll('#step-hash .bits')][0]?.textContent ?? ''),
    ).toString();
    const request = await page.locator('#wire th').allTextContents();
    const id = Number.parseInt(hash.slice(0, account?.prefixBits), 2);
    if (suite === 'hmac')
      expect(request.some((line) => line.startsWith(`GET /v1/account/${id.toString(16).padStart(2, '0')}?`))).toBe(
        true,
      );
    else expect(await page.textContent('#step-send')).toContain(`bucket ${id} of ${2 ** (account?.prefixBits ?? 0)}`);
    expect(await page.locator('#step-answer .dots circle').count()).toBe(2);
    expect(await page.locator('#step-compare .found').count()).toBeGreaterThanOrEqual(3);
    // Beside it, what others would send, for this password.
    const sha1 = crypto.createHash('sha1').update(TEST_CREDENTIALS.pair.password).digest('hex').toUpperCase();
    expect(await page.textContent('#range-sent')).toBe(`GET /range/${sha1.slice(0, 5)}`);
    expect(await page.textContent('#plain-sent')).not.toContain(TEST_CREDENTIALS.pair.password);
    await page.click('#reveal');
    expect(await page.textContent('#plain-sent')).toContain(TEST_CREDENTIALS.pair.password);
  });

  test('a server that is gone is no good news', async () => {
    const { page } = await visit(suite, '/');
    if (suite === 'hmac') await page.fill('#key', keyOf(suite));
    await page.click('[data-sample=clean]');
    expect(await readVerdict(page)).toBe('clean');
    await page.context().setOffline(true);
    await page.click('#check');
    await page.waitForSelector('#verdict-text[data-status=unknown]');
    expect(await page.textContent('#verdict-text')).toContain('cannot be reached');
    await page.context().setOffline(false);
    await page.click('#check');
    await page.waitForSelector('#verdict-text[data-status=clean]');
  });

  test.each(VIEWS)('both pages are fit to be looked at on a $name', async ({ name, ...view }) => {
    const { page, complaints } = await visit(suite, '/', view);
    await expectAccessible(page);
    await screenshot(page, `check-${suite}-${name}-before`);
    if (suite === 'hmac') await page.fill('#key', keyOf(suite));
    for (const status of ['pair', 'username', 'clean'] as const) {
      await page.click(`[data-sample=${status}]`);
      await page.waitForSelector(`#verdict-text[data-status=${status}]`);
      await expectAccessible(page);
      await expectNoOverflow(page);
      await screenshot(page, `check-${suite}-${name}-${status}`);
    }
    await page.goto(`${worlds[suite].server.url}/status`);
    await page.waitForSelector('#figures:not([hidden]) canvas');
    await page.locator('summary').last().click();
    await expectAccessible(page);
    await expectNoOverflow(page);
    await screenshot(page, `status-${suite}-${name}`);
    expect(complaints).toEqual([]);
  });
});

describe('the page', () => {
  test('asks for another dataset below its id', async () => {
    const { page } = await visit('hmac', '/');
    const { dataset } = worlds.oprf.made.dataset.parameters;
    await page.selectOption('#dataset', { label: `${dataset} (oprf)` });
    await page.waitForSelector('#key-field', { state: 'hidden' });
    await page.waitForSelector('#check:enabled');
    await page.click('[data-sample=pair]');
    expect(await readVerdict(page)).toBe('pair');
    expect(await page.textContent('#step-send')).toContain(`POST /d/${dataset}/v1/lookup`);
  });

  test.each([
    ['nonsense', 'not a key'],
    ['credveil-hmac-1.65b555284e0d41a7.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8', 'another dataset'],
  ])('says of the key %s what is wrong, at the key', async (key, message) => {
    const { page, complaints } = await visit('hmac', '/');
    await page.fill('#username', 'ada');
    await page.fill('#key', key);
    await page.press('#key', 'Enter');
    await page.waitForSelector('#key-error:not([hidden])');
    expect(await page.textContent('#key-error')).toContain(message);
    expect([await focused(page), await page.getAttribute('#key', 'aria-invalid')]).toEqual(['key', 'true']);
    expect(complaints).toEqual([]);
  });

  test('takes what people type: nothing, one field, other scripts, and more than fits', async () => {
    const { page, complaints } = await visit('oprf', '/', { width: 320, height: 640, scheme: 'light' });
    const check = async (username: string, password: string): Promise<string> => {
      await page.evaluate(() => document.getElementById('verdict-text')?.removeAttribute('data-status'));
      await page.fill('#username', username);
      await page.fill('#password', password);
      await page.click('#check');
      return readVerdict(page);
    };
    await page.click('#check');
    expect(await page.isVisible('#input-error')).toBe(true);
    expect(await focused(page)).toBe('username');
    expect(await check('', TEST_CREDENTIALS.pair.password)).toBe('password');
    expect(await check(TEST_CREDENTIALS.pair.username, '')).toBe('username');
    expect(await check('ｃａｎａｒｙ＠CREDVEIL.invalid\u3000', TEST_CREDENTIALS.pair.password)).toBe('pair');
    expect(await check('Ἀθηνᾶ@παράδειγμα.test', '🔑'.repeat(40))).toBe('clean');
    expect(await check('a', 'b'.repeat(70_000))).toBe('unknown');
    await expectNoOverflow(page);
    expect(complaints).toEqual([]);
  });

  test('hides again what a person types after a published password was shown', async () => {
    const { page } = await visit('oprf', '/');
    await page.click('[data-sample=pair]');
    expect(await page.getAttribute('#password', 'type')).toBe('text');
    await page.focus('#password');
    await page.keyboard.type('x');
    expect(await page.getAttribute('#password', 'type')).toBe('password');
    await page.press('#reveal', 'Enter');
    await page.focus('#password');
    await page.keyboard.type('y');
    expect(await page.getAttribute('#password', 'type')).toBe('text');
  });

  test('does not show what a person typed when a published credential is shown', async () => {
    const { page } = await visit('hmac', '/');
    await page.fill('#username', 'ada');
    await page.fill('#password', 'secret of ada');
    await page.click('#check');
    expect(await page.textContent('#plain-sent')).toContain('ada');
    await page.click('[data-sample=pair]');
    expect(await page.textContent('#plain-sent')).toContain(TEST_CREDENTIALS.pair.password);
    expect(await page.textContent('body')).not.toContain('secret of ada');
  });

  test('runs no text as markup or code: the policy holds where the script would err', async () => {
    const { page } = await visit('oprf', '/');
    await page.fill('#username', '<img src=x onerror=alert(1)>');
    await page.fill('#password', '<b>b</b>');
    await page.click('#check');
    expect(await readVerdict(page)).toBe('clean');
    expect(await page.locator('main img, main b:not(.said b)').count()).toBe(0);
    const refused = await page.evaluate(() => {
      const tryOut = (work: () => void): string => {
        try {
          work();
          return 'ran';
        } catch {
          return 'refused';
        }
      };
      return [
        tryOut(() => {
          document.body.innerHTML = '<p>x</p>';
        }),
        tryOut(() => {
          document.createElement('script').src = 'https://credveil.invalid/x.js';
        }),
      ];
    });
    expect(refused).toEqual(['refused', 'refused']);
    expect(
      await page.evaluate(async () => {
        try {
          await fetch('https://credveil.invalid/');
          return 'sent';
        } catch {
          return 'refused';
        }
      }),
    ).toBe('refused');
  });

  test('asks for a client key where the server wants one, and sends it to that server', async () => {
    const { url } = worlds.oprf.server;
    const front = await startFront(async (request, response) => {
      const allowed = request.headers.authorization === 'Bearer client-key-1';
      if (request.url?.startsWith('/v1/') && !allowed) {
        response.writeHead(401, { 'content-type': 'application/problem+json' }).end('{}');
        return;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { host: _host, connection: _connection, ...headers } = request.headers as Record<string, string>;
      const answer = await fetch(`${url}${request.url}`, {
        method: request.method ?? 'GET',
        headers: { ...headers, 'accept-encoding': 'identity' },
        ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
      });
      response
        .writeHead(answer.status, Object.fromEntries(answer.headers))
        .end(Buffer.from(await answer.arrayBuffer()));
    });
    try {
      for (const target of ['/', '/status']) {
        const watched = await openWatched(browser, DESKTOP);
        open.push(watched);
        const { page } = watched;
        await page.goto(`${front.url}${target}`);
        await page.waitForSelector('#client-key:focus');
        expect(await page.textContent('#trouble')).toContain('registered clients only');
        await page.keyboard.type('wrong');
        await page.keyboard.press('Enter');
        await page.waitForFunction(() => document.getElementById('trouble')?.textContent?.includes('does not know'));
        await expectAccessible(page);
        await page.fill('#client-key', 'client-key-1');
        await page.keyboard.press('Enter');
        await page.waitForSelector(target === '/' ? '#check:enabled' : '#figures:not([hidden])');
        expect(await page.isVisible('#client-key')).toBe(false);
        if (target === '/status') continue;
        await page.click('[data-sample=pair]');
        expect(await readVerdict(page)).toBe('pair');
      }
    } finally {
      await front.close();
    }
  });

  test('without JavaScript it says so, and no form sends anything', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    const requests: string[] = [];
    await page.goto(`${worlds.oprf.server.url}/`);
    page.on('request', (request) => requests.push(request.url()));
    expect(await page.textContent('noscript')).toContain('needs JavaScript');
    await page.fill('#username', 'ada');
    await page.press('#username', 'Enter');
    expect(requests).toEqual([]);
    await context.close();
  });
});

describe('the status', () => {
  test('shows what /v1/status says, is read out as tables, and can be paused', async () => {
    const { page, complaints } = await visit('oprf', '/status');
    await page.waitForSelector('#figures:not([hidden])');
    const { account } = (await worlds.oprf.made.publish()).indexes;
    const text = await page.textContent('#index-account-text');
    expect(text).toContain(`${account?.entries.toLocaleString('en-US')} entries`);
    expect(text).toContain(`${account?.minEntries} at the least`);
    await page.locator('summary', { hasText: 'Usernames' }).press('Enter');
    const cells = await page.locator('#indexes section.card >> nth=0').locator('tbody td').allTextContents();
    expect(cells.map((cell) => Number(cell.replaceAll(',', '')))).toEqual(
      account?.histogram?.map(({ buckets }) => buckets),
    );
    expect(await page.locator('#sources tbody tr').count()).toBe(1);
    await page.press('#pause', 'Enter');
    expect(await page.getAttribute('#pause', 'aria-pressed')).toBe('true');
    expect(complaints).toEqual([]);
  });
});
