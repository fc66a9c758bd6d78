// Applications that take people's names from their web server, signed in for at Glewlwyd, and
// configured as docs/gateway-sign-on.md says.
// apt-get install glewlwyd fossil icingaweb2 nginx php-fpm

import fs from 'node:fs';
import path from 'node:path';
import { test as base, expect } from 'vitest';
import { startFossil } from '../../support/gateway/applications/fossil.ts';
import { configureIcingaWeb, ICINGA_WEB } from '../../support/gateway/applications/icinga-web.ts';
import { recordRequests, type Seen } from '../../support/gateway/applications/watched.ts';
import { HTML } from '../../support/gateway/identity/browser.ts';
import { type GlewlwydWorld, startGlewlwydWorld } from '../../support/gateway/identity/glewlwyd-world.ts';
import { tlsKey } from '../../support/gateway/tls.ts';
import { type Answer, type Request, textOf, visit } from '../../support/gateway/visit.ts';
import { startPhpSite } from '../../support/machine/php-site.ts';
import { root } from '../../support/paths.ts';
import { perFile } from '../../support/per-file.ts';

const PAGE = fs.readFileSync(path.join(root, 'docs/gateway-sign-on.md'), 'utf8');
const ICINGA = 'icinga.example.com';
const FOSSIL = 'code.example.com';

/** The blocks of a language on the page, with what this run has instead. */
function onPage(language: string, instead: { readonly [documented: string]: string }): string {
  let text = [...PAGE.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))]
    .map(([, block]) => block)
    .join('');
  for (const [documented, own] of Object.entries(instead)) {
    if (!text.includes(documented)) throw new Error(`the page's ${language} has no ${documented}`);
    text = text.replaceAll(documented, own);
  }
  return text;
}

interface World extends GlewlwydWorld {
  /** Past the gateway. */
  direct(host: string, request: Request): Promise<Answer>;
  /** Requests that Icinga Web got. */
  seen(): Seen[];
}

async function startWorld(): Promise<World> {
  let seen: World['seen'] = () => [];
  let sitePort = 0;
  const world = await startGlewlwydWorld(async ({ place, closers, port, auth, glewlwyd, secretFile }) => {
    const fossil = await startFossil(place, ['ann@example.com', 'dora@example.com', 'admin@example.com']);
    closers.add(() => fossil.stop());
    const recorder = recordRequests(place);
    ({ seen } = recorder);
    const site = await startPhpSite({
      home: place.home,
      root: ICINGA_WEB,
      ini: recorder.ini,
      env: configureIcingaWeb(place, onPage('ini', {})),
      servers: (own, php) =>
        onPage('nginx', {
          '127.0.0.1:9000': `127.0.0.1:${own}`,
          '127.0.0.1:9001': `127.0.0.1:${fossil.port}`,
          '/run/php/php-fpm.sock': php,
          'include ': 'include /etc/nginx/',
        }),
    });
    closers.add(() => site.stop());
    sitePort = site.port;
    return onPage('yaml', {
      '0.0.0.0:443': `127.0.0.1:${port}\nworkers: 1`,
      '{ certFile: example.pem, keyFile: example.key }': tlsKey('first'),
      'auth.example.com': JSON.stringify(auth),
      'https://idp.example': JSON.stringify(glewlwyd.issuer),
      'clientId: gateway': `clientId: ${glewlwyd.client.id}`,
      'gateway.secret': JSON.stringify(secretFile),
      'http://127.0.0.1:9000': `http://127.0.0.1:${site.port}`,
    });
  });
  const { addAccount } = world.glewlwyd;
  const common = { isVerified: true, groups: ['operators'] };
  for (const username of ['ann', 'dora']) await addAccount({ ...common, username, email: `${username}@example.com` });
  await addAccount({ ...common, username: 'ben', email: 'ben@example.org', groups: ['guests'] });
  await addAccount({ ...common, username: 'mallory', email: 'admin@example.com', isVerified: false, groups: [] });
  return { ...world, seen, direct: (host, request) => visit(sitePort, host, request) };
}

const test = base.extend<{ readonly world: World }>({ world: perFile(startWorld, ({ close }) => close()) });

/** Who an application says that it is used by. */
const GREETINGS = {
  [ICINGA]: (text: string) => /class="user-ball">[^<]*<\/i>([^<]+)</.exec(text)?.[1],
  [FOSSIL]: (text: string) => /window\.fossil\.user = \{name: "([^"]*)"/.exec(text)?.[1],
} as const;
const APPS = Object.entries(GREETINGS);
/** Of a page that sends nobody elsewhere. */
const pathOf = (host: string): string => (host === ICINGA ? '/dashboard' : '/index');

test.for(APPS)('%s asks nobody who they are, and knows them', async ([host, greeted], { world }) => {
  const before = world.seen().length;
  const stranger = world.browser();
  const asked = await stranger.open(world.at(host));
  expect(asked.url.origin).toBe(new URL(world.glewlwyd.issuer).origin);
  const script = await stranger.get(world.at(host), { Accept: 'application/json', 'Sec-Fetch-Mode': 'cors' });
  expect(script.code).toBe(401);
  expect(world.seen().length).toBe(before);
  const page = await world.glewlwyd.signIn(stranger, asked, 'ann');
  expect(page.code).toBe(200);
  expect(greeted(page.text)).toBe('ann@example.com');
  // Of both, without being asked again.
  for (const [other, greetedThere] of APPS)
    expect(greetedThere((await stranger.open(world.at(other))).text)).toBe('ann@example.com');
});

// Why nobody else may reach them, and that the tests below would notice.
test.for(APPS)('past the gateway, %s takes a name from anybody', async ([host, greeted], { world }) => {
  const path = pathOf(host);
  const direct = await world.direct(host, { path, headers: { 'Remote-User': 'admin@example.com' } });
  expect(greeted(textOf(direct))).toBe('admin@example.com');
});

const BASIC = `Basic ${Buffer.from('admin@example.com:').toString('base64')}`;

test.for([
  ['Remote-User', 'admin@example.com'],
  ['remote_user', 'admin@example.com'],
  ['X-Remote-User', 'admin@example.com'],
  ['HTTP-Remote-User', 'admin@example.com'],
  ['Redirect-Remote-User', 'admin@example.com'],
  ['Authorization', BASIC],
] as const)('%s of a client names nobody', async ([name, value], { world }) => {
  const { browser } = await world.signedIn('ann', world.at(ICINGA));
  const forged = { ...HTML, [name]: value };
  for (const [host, greeted] of APPS) {
    const url = world.at(host, pathOf(host));
    await browser.open(url);
    expect(greeted((await browser.get(url, forged)).text)).toBe('ann@example.com');
    expect((await world.browser().get(url, forged)).code).toBe(303);
  }
});

test.for(APPS)('%s is closed to whom its policy excludes', async ([host], { world }) => {
  const before = world.seen().length;
  for (const username of ['ben', 'mallory']) {
    const { browser, page } = await world.signedIn(username, world.at(host));
    expect(page.code).toBe(403);
    expect((await browser.get(world.at(host, '/login'))).code).toBe(403);
  }
  expect(world.seen().length).toBe(before);
});

test('who signs out is known nowhere, and the next one is another', async ({ world }) => {
  const { browser } = await world.signedIn('ann', world.at(ICINGA));
  await browser.open(world.at(FOSSIL));
  expect((await world.signOut(browser, world.at(ICINGA, '/.credveil/sign-out'))).code).toBe(200);
  const before = world.seen().length;
  for (const [host] of APPS) expect((await browser.get(world.at(host, '/index'))).code).toBe(303);
  expect(world.seen().length).toBe(before);
  // The cookies of the applications are still there.
  expect(browser.jarOf({ hostname: ICINGA }).size).toBeGreaterThan(0);
  browser.jarOf(new URL(world.glewlwyd.issuer)).clear();
  await world.glewlwyd.signIn(browser, await browser.open(world.at(FOSSIL)), 'dora');
  for (const [host, greeted] of APPS)
    expect(greeted((await browser.open(world.at(host))).text)).toBe('dora@example.com');
});
