// The page at / in a browser: it reaches every verdict by keyboard alone under both suites, sends
// nothing of the credential, and leaves the console empty.

import crypto from 'node:crypto';
import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { TEST_CREDENTIALS } from '../../protocol/test-credentials.ts';
import { wireText } from '../support/machine/browser.ts';
import { pageTest as test } from '../support/vitest/browser-test.ts';
import { focused, readVerdict, SUITES } from '../support/worlds/page-world.ts';

const VERDICTS = Object.entries(TEST_CREDENTIALS);

/** Presses Tab until an element has the focus. Fails if it never gets there. */
async function tabTo(page: Page, wanted: string): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press('Tab');
    if ((await focused(page)) === wanted) return;
  }
  throw new Error(`the Tab key does not reach ${wanted}`);
}

/** Both fields and their plain hashes, in the encodings that a careless page would send. */
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

describe.each(SUITES)('the check page under %s', (suite) => {
  test.for(VERDICTS)(
    'the page reaches the verdict %s by keyboard alone, and sends nothing of the credential',
    async ([status, credential], { world }) => {
      const { page, complaints, requests } = await world.visit(suite, '/');
      const sent = requests.length;
      await tabTo(page, 'username');
      await page.keyboard.type(credential.username);
      await tabTo(page, 'password');
      await page.keyboard.type(credential.password);
      if (suite === 'hmac') {
        await tabTo(page, 'key');
        await page.keyboard.insertText(world.keyOf(suite));
      }
      await tabTo(page, 'check');
      await page.keyboard.press('Enter');
      expect(await readVerdict(page)).toBe(status);
      expect(await focused(page)).toBe('check');
      expect(complaints).toEqual([]);
      // Screen readers announce a live region.
      expect(await page.getAttribute('#verdict-text', 'aria-live')).toBe('polite');

      const wire = await Promise.all(requests.map(wireText));
      expect(wire.length).toBeGreaterThan(sent);
      const secrets = traces(
        credential.username,
        credential.password,
        ...(suite === 'hmac' ? [world.keyOf(suite)] : []),
      );
      for (const text of wire) {
        expect(new URL(text.split(' ')[1]?.split('\n')[0] ?? '').origin).toBe(world.servers[suite].url);
        for (const secret of secrets) expect(text.toLowerCase()).not.toContain(secret);
      }
      // The page lists exactly the requests that it sent.
      const shown = await page.locator('#wire th').allTextContents();
      const asked = requests.filter((request) => request.url().includes('/v1/'));
      for (const route of ['/v1/head', '/v1/statement/'])
        expect(asked.filter((request) => request.url().includes(route)).length, route).toBe(1);
      // In the order of the answers.
      expect(shown.toSorted()).toEqual(
        asked.map((request) => `${request.method()} ${request.url().slice(world.servers[suite].url.length)}`).sort(),
      );
      const [dump] = await page.locator('#step-send .bytes').allTextContents();
      if (suite === 'oprf') expect(asked.map((request) => request.postDataBuffer()?.toString('hex'))).toContain(dump);
      expect(page.url()).toBe(`${world.servers[suite].url}/`);
      expect(await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie])).toEqual([
        0,
        0,
        '',
      ]);
    },
  );

  test('the page fills in a published credential at one key press', async ({ world }) => {
    const { page, complaints } = await world.visit(suite, '/');
    if (suite === 'hmac') {
      // Without the key the page explains what it needs, and moves the focus there.
      await page.press('[data-sample=pair]', 'Enter');
      expect(await focused(page)).toBe('key');
      expect(await page.textContent('#key-error')).toContain('Paste the key');
      await page.keyboard.insertText(world.keyOf(suite));
    }
    for (const [status] of VERDICTS) {
      await page.evaluate(() => document.getElementById('verdict-text')?.removeAttribute('data-status'));
      await page.press(`[data-sample=${status}]`, 'Enter');
      expect(await readVerdict(page)).toBe(status);
    }
    expect(complaints).toEqual([]);
  });

  test('the page lists its steps with their bits, buckets and tags', async ({ world }) => {
    const { page } = await world.visit(suite, '/');
    await world.giveKey(suite, page);
    await page.fill('#username', ' CANARY@Credveil.invalid');
    await page.fill('#password', TEST_CREDENTIALS.pair.password);
    await page.press('#password', 'Enter');
    expect(await readVerdict(page)).toBe('pair');
    expect(await page.textContent('#step-normalize dd >> nth=1')).toBe(TEST_CREDENTIALS.pair.username);
    const { account } = (await world.made[suite].publish()).indexes;
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
    // Next to it are the requests that other services receive for this password.
    const sha1 = crypto.createHash('sha1').update(TEST_CREDENTIALS.pair.password).digest('hex').toUpperCase();
    expect(await page.textContent('#range-sent')).toBe(`GET /range/${sha1.slice(0, 5)}`);
    expect(await page.textContent('#plain-sent')).not.toContain(TEST_CREDENTIALS.pair.password);
    await page.click('#reveal');
    expect(await page.textContent('#plain-sent')).toContain(TEST_CREDENTIALS.pair.password);
  });

  test('the page shows unknown, not clean, when the server is down', async ({ world }) => {
    const { page } = await world.visit(suite, '/');
    await world.giveKey(suite, page);
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
});
