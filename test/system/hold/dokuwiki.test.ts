// Logins of Debian's DokuWiki that are held back: its cookie is worth nothing without the session
// of PHP, so that both are sealed. apt-get install dokuwiki nginx php-fpm php-cli

import fs from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { createWorkPlace } from '../../support/credveil.ts';
import { installDokuWiki } from '../../support/gateway/applications/dokuwiki.ts';
import { serveLeaks } from '../../support/gateway/applications/watched.ts';
import { PAGE, startHolding, statusOf } from '../../support/gateway/hold/holding-gateway.ts';
import { basicOf } from '../../support/gateway/login/guarded-app.ts';
import {
  type Answer,
  cookiesOf,
  formOf,
  type Request,
  textOf,
  valuesOf,
  withCookie,
} from '../../support/gateway/visit.ts';
import { Closers } from '../../support/machine/closers.ts';
import { freePort } from '../../support/machine/free-port.ts';
import { startPhpSite } from '../../support/machine/php-site.ts';

const LEAKY = { username: 'leaky', password: 'Correct-Horse 9 Battery' };
const TESTER = { username: 'tester', password: 'only for tests: 1 and 2' };
const SIGNED_IN = 'do=logout';
const START = '/doku.php?id=start';

const login = ({ username, password }: typeof LEAKY, cookie: string): Request => {
  const form = formOf({ id: 'start', do: 'login', u: username, p: password });
  return withCookie({ ...form, path: '/doku.php', headers: { ...form.headers, ...PAGE } }, cookie);
};

test('a leaked pair opens nothing until the owner confirms it', async () => {
  const closers = new Closers();
  onTestFinished(() => closers.close());
  const place = createWorkPlace();
  closers.add(() => place.dispose());
  fs.chmodSync(place.home, 0o755);
  const site = await startPhpSite({ home: place.home, root: installDokuWiki(place, [LEAKY, TESTER]) });
  closers.add(() => site.stop());
  const { send, confirm } = await startHolding({
    ...{ place, to: `http://127.0.0.1:${site.port}`, host: `127.0.0.1:${await freePort()}` },
    ...{ leaks: await serveLeaks(place, closers, [LEAKY]), preset: 'dokuwiki', user: LEAKY.username },
    account: {
      ...TESTER,
      login: '/doku.php',
      fields: { id: 'start', do: 'login', u: TESTER.username, p: TESTER.password },
      page: START,
      signedIn: SIGNED_IN,
    },
  });
  const page = (cookie: string): Promise<Answer> => send(withCookie({ path: START, headers: PAGE }, cookie));

  const first = await send({ path: START });
  const clean = await send(login(TESTER, cookiesOf(first)));
  expect(textOf(await page(cookiesOf(first, clean)))).toContain(SIGNED_IN);
  expect(cookiesOf(first, clean)).toMatch(/DokuWiki=cv1\..*DW\w+=cv1\.|DW\w+=cv1\..*DokuWiki=cv1\./);

  const form = await send({ path: START });
  const held = await send(login(LEAKY, cookiesOf(form)));
  expect([statusOf(held), valuesOf(held, 'location')[0]]).toEqual([
    303,
    expect.stringMatching(/^http:\/\/auth\.example:\d+\/hold\?handoff=/),
  ]);
  const jar = cookiesOf(form, held);
  expect(jar).not.toMatch(/DW[0-9a-f]+=/);
  expect(statusOf(await send(withCookie({ path: START }, jar)))).toBe(401);
  expect(textOf(await page(cookiesOf(form)))).not.toContain(SIGNED_IN);

  // What acts at once reaches nothing.
  expect(statusOf(await send({ path: START, headers: basicOf(LEAKY.username, LEAKY.password) }))).toBe(401);

  const back = await confirm(held, jar);
  expect(statusOf(back)).toBe(303);
  const given = await send(withCookie({ path: '/doku.php', headers: PAGE }, cookiesOf(form, held, back)));
  expect(textOf(await page(cookiesOf(form, held, back, given)))).toContain(SIGNED_IN);
});
