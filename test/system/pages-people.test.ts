// The page at / in a browser, with the input that people give it: wrong keys, odd text, servers
// that require clients.

import { describe, expect } from 'vitest';
import { addClient, clientFileFor } from '../../access/client-file.ts';
import { TEST_CREDENTIALS } from '../../protocol/test-credentials.ts';
import { startServer } from '../../server/server.ts';
import { expectAccessible, expectNoOverflow } from '../support/machine/browser.ts';
import { pageTest as test } from '../support/vitest/browser-test.ts';
import { focused, readVerdict } from '../support/worlds/page-world.ts';

describe('the check page', () => {
  test('the page queries a second dataset under its id', async ({ world }) => {
    const { page } = await world.visit('hmac', '/');
    const { id: dataset } = world.made.oprf.dataset;
    await page.selectOption('#dataset', { label: `${dataset} (oprf)` });
    await page.waitForSelector('#key-field', { state: 'hidden' });
    await page.waitForSelector('#check:enabled');
    await page.click('[data-sample=pair]');
    expect(await readVerdict(page)).toBe('pair');
    expect(await page.textContent('#step-send')).toContain(`POST /d/${dataset}/v1/lookup`);
  });

  test.for([
    ['nonsense', 'looks like credveil-hmac-2.'],
    ['credveil-hmac-2.0123456789abcdef.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8', 'another dataset'],
  ] as const)('the page explains beside the field why the key %s is wrong', async ([key, message], { world }) => {
    const { page, complaints } = await world.visit('hmac', '/');
    await page.fill('#username', 'ada');
    await page.fill('#key', key);
    await page.press('#key', 'Enter');
    await page.waitForSelector('#key-error:not([hidden])');
    expect(await page.textContent('#key-error')).toContain(message);
    expect([await focused(page), await page.getAttribute('#key', 'aria-invalid')]).toEqual(['key', 'true']);
    expect(complaints).toEqual([]);
  });

  test('the page accepts empty fields, one field, other scripts, and more than fits', async ({ world }) => {
    const { page, complaints } = await world.visit('oprf', '/', { width: 320, height: 640, scheme: 'light' });
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

  test('the page hides a typed password again after a published one was shown', async ({ world }) => {
    const { page } = await world.visit('oprf', '/');
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

  test('the page keeps a typed password hidden when a published credential is shown', async ({ world }) => {
    const { page } = await world.visit('hmac', '/');
    await page.fill('#username', 'ada');
    await page.fill('#password', 'secret of ada');
    await page.click('#check');
    expect(await page.textContent('#plain-sent')).toContain('ada');
    await page.click('[data-sample=pair]');
    expect(await page.textContent('#plain-sent')).toContain(TEST_CREDENTIALS.pair.password);
    expect(await page.textContent('body')).not.toContain('secret of ada');
  });

  test('the page runs no text as markup or code, even if its script made a mistake', async ({ world }) => {
    const { page } = await world.visit('oprf', '/');
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

  test('the page asks for a client key if the server requires one, and sends it only there', async ({ world }) => {
    const { made, open } = world;
    const clientsFile = `${clientFileFor(made.oprf.folder)}.listed`;
    const key = addClient(clientsFile, 'person', {}).keyText as string;
    const guarded = await startServer(made.oprf.folder, { port: 0, key: made.oprf.key, clientsFile });
    try {
      for (const target of ['/', '/status']) {
        const { page } = await open(`${guarded.url}${target}`);
        await page.waitForSelector('#client-key:focus');
        expect(await page.textContent('#client-key-help')).toContain('registered clients only');
        expect(await page.isVisible('#trouble')).toBe(false);
        if (target === '/status') expect(await page.textContent('#updated')).toContain('client key');
        await page.keyboard.type('wrong');
        await page.keyboard.press('Enter');
        await page.waitForFunction(() => document.getElementById('trouble')?.textContent?.includes('does not know'));
        await expectAccessible(page);
        await page.fill('#client-key', key);
        await page.keyboard.press('Enter');
        await page.waitForSelector(target === '/' ? '#check:enabled' : '#figures:not([hidden])');
        expect(await page.isVisible('#client-key')).toBe(false);
        if (target === '/status') continue;
        await page.click('[data-sample=pair]');
        expect(await readVerdict(page)).toBe('pair');
      }
    } finally {
      await guarded.close({ deadlineMs: 100 });
    }
  });

  test('the page explains that it needs JavaScript, and no form sends anything without it', async ({ world }) => {
    const context = await world.browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    const requests: string[] = [];
    await page.goto(`${world.servers.oprf.url}/`);
    page.on('request', (request) => requests.push(request.url()));
    expect(await page.textContent('noscript')).toContain('needs JavaScript');
    await page.fill('#username', 'ada');
    await page.press('#username', 'Enter');
    // The browser requests the icon at any time.
    expect(requests.filter((url) => !url.includes('/assets/'))).toEqual([]);
    await context.close();
  });
});
