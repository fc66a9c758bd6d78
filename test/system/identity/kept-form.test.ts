// A form that meets an expired session, in a real browser: kept and sent on by a click if a page of
// the application sent it, and not if another site did.

import { describe, expect } from 'vitest';
import { formatAppRecord, parseAppRecord } from '../../../gateway/identity/sessions/session-record.ts';
import { launcherSite } from '../../support/gateway/identity/launcher-site.ts';
import { personOf } from '../../support/gateway/identity/people.ts';
import { browserTest as test } from '../../support/vitest/browser-test.ts';

const ANN = personOf('ann');

describe('a form of an expired session', () => {
  test('is sent on by a click, and to where it leads', async ({ browser }) => {
    const posts: string[] = [];
    const site = await launcherSite(
      (request, response) => {
        let body = '';
        request.on('data', (piece) => {
          body += piece;
        });
        request.on('end', () => {
          response.setHeader('Content-Type', 'text/html');
          if (request.method !== 'POST') {
            const to = request.url === '/elsewhere' ? `${site.origin('crm')}/save` : '/save';
            response.end(
              `<form method="post" action="${to}"><input name="text" value="long"><button>Save</button></form>`,
            );
            return;
          }
          posts.push(`${request.url} ${body}`);
          response.writeHead(303, { Location: `${site.origin('wiki')}/saved` }).end();
        });
      },
      '',
      { openWiki: true },
    );
    const context = await browser.newContext();
    await site.enter(ANN, 'Chrome on Linux', context);
    const page = await context.newPage();
    /** As if nobody had asked for anything for nine hours. */
    const expire = async (): Promise<void> => {
      for (const { key, value } of site.state.list('session', 'app.', 100)) {
        const record = parseAppRecord(value);
        if (!record) continue;
        const text = formatAppRecord({ ...record, untilMs: Date.now() - 1_000 });
        await site.state.replace('session', key, text, 3_600_000);
      }
      // No worker remembers it any more.
      await site.state.publish('session', '');
    };
    await page.goto(`${site.origin('crm')}/form`);
    await expire();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Send it now?' }).waitFor();
    expect(posts).toEqual([]);
    expect(await page.locator('main').textContent()).toContain('POST /save');
    await page.getByRole('button', { name: 'Send it' }).click();
    await page.waitForURL(`${site.origin('wiki')}/saved`);
    expect(posts).toEqual(['/save text=long']);
    // Another host of the same site: its form is not kept.
    await page.goto(`${site.origin('wiki')}/elsewhere`);
    await expire();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Not sent' }).waitFor();
    expect(posts).toEqual(['/save text=long']);
    await context.close();
  });
});
