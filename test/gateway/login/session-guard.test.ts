// Which responses begin a session, and which requests may begin one without a login.

import { expect, test } from 'vitest';
import { PRESETS } from '../../../gateway/login/preset.ts';
import { createSessionGuard, isExempt, type SessionSource } from '../../../gateway/login/session-guard.ts';
import type { SessionGuard } from '../../../gateway/login/sessions.ts';
import { exchangeOf } from '../../support/gateway/login/answer.ts';

const noList = () => undefined;
const guard = createSessionGuard(
  [
    { sessionCookies: ['app_in_*', 'app_sec'], mayBeginSession: 'http.request.uri.path == "/profile"' },
    { sessionCookies: ['app_in_*'], mayBeginSession: 'any(http.request.uri.args["ajax"][*] == "checkout")' },
    { sessionCookies: [] },
  ],
  noList,
) as SessionGuard;

test('without names of cookies there is none', () => {
  expect(createSessionGuard([{ sessionCookies: [] }], noList)).toBeUndefined();
});

test.each([
  ['app_in_1=x', true],
  ['app_sec=x; Path=/', true],
  ['APP_SEC=x', false],
  ['app_sec2=x', false],
  ['app_in_1=', false],
  ['app_in_1=x; Max-Age=0', false],
])('a session is told by %s: %s', (cookie, begins) => {
  const session = guard.sessionOf(['X-A', '1', 'set-cookie', 'other=1', 'Set-Cookie', cookie]);
  expect(session !== undefined).toBe(begins);
  if (session) expect(session).toMatchObject({ users: [], isNameless: false });
});

const sessionOf = (sources: readonly SessionSource[], ...cookies: string[]) =>
  createSessionGuard(sources, noList)?.sessionOf(cookies.flatMap((cookie) => ['Set-Cookie', cookie]));
const ofPreset = (name: string): SessionSource => PRESETS.get(name) as SessionSource;

test.each<[string, string, string[], string[]]>([
  ['the part before a bar', 'wordpress', ['wordpress_logged_in_1=ann%20b%7C17%7Ctoken%7Chmac'], ['ann b']],
  ['of two users both', 'wordpress', ['wordpress_sec_1=ann|1|t|h', 'wordpress_logged_in_1=bob|1|t|h'], ['ann', 'bob']],
  [
    'of two spellings both',
    'wordpress',
    ['wordpress_sec_1=Ann|1|t|h', 'wordpress_logged_in_1=ann|1|t|h'],
    ['Ann', 'ann'],
  ],
  ['a part in Base64', 'dokuwiki', [`DW${'a'.repeat(32)}=${btoa('ann')}%7C0%7Cc2VjcmV0`], ['ann']],
  ['a whole value, in UTF-8', 'mediawiki', ['wikiUserID=3', 'wikiUserName=L%C3%A9a%20%2B'], ['Léa +']],
  ['the one of three that has a name', 'nextcloud', ['nc_username=ann', 'nc_token=x', 'nc_session_id=y'], ['ann']],
  ['nobody where none tells', 'phpmyadmin', ['pmaAuth-1=x'], []],
])('the user of a session is %s: %s', (_, preset, cookies, users) => {
  expect(sessionOf([ofPreset(preset)], ...cookies)).toMatchObject({ users, isNameless: false });
});

test.each<[string, string, string[]]>([
  ['without the cookie that names it', 'mediawiki', ['wikiUserID=3']],
  ['without the sign behind the name', 'wordpress', ['wordpress_logged_in_1=ann']],
  ['with an empty name', 'wordpress', ['wordpress_logged_in_1=|1|t|h']],
  ['that is no UTF-8', 'mediawiki', ['wikiUserName=%ff']],
  ['that is no Base64', 'dokuwiki', [`DW${'a'.repeat(32)}=ann!|0|x`]],
  ['with one readable name of two', 'wordpress', ['wordpress_logged_in_1=ann|1|t|h', 'wordpress_sec_1=bob']],
  ['with an endless name', 'mediawiki', [`wikiUserName=${'x'.repeat(1_025)}`]],
])('a session %s has no name: %s', (_, preset, cookies) => {
  expect(sessionOf([ofPreset(preset)], ...cookies)).toMatchObject({ isNameless: true });
});

test.each<[string, string, string, boolean]>([
  ['phpmyadmin', 'pmaAuth-1=x', 'pmaAuth-1=x', false],
  ['phpmyadmin', 'pmaAuth-1=x', 'pmaAuth-1=y', true],
  ['phpmyadmin', 'pmaAuth-1=x', 'pmaAuth-2=x', true],
  ['roundcube', 'roundcube_sessauth=s3cret-100', 'roundcube_sessauth=s3cret-400', false],
  ['roundcube', 'roundcube_sessauth=s3cret-100', 'roundcube_sessauth=other-100', true],
  ['roundcube', 'roundcube_sessauth=-100', 'roundcube_sessauth=-400', true],
  ['roundcube', 'roundcube_sessauth=a', 'roundcube_sessauth=b', true],
  ['joomla', 'joomla_remember_me_1=a.series', 'joomla_remember_me_1=b.series', false],
  ['joomla', 'joomla_remember_me_1=a.series', 'joomla_remember_me_1=a.other', true],
  ['joomla', 'joomla_remember_me_1=a.', 'joomla_remember_me_1=b.', true],
])('a session of %s that the browser has as %s begins with %s: %s', (preset, had, cookie, begins) => {
  const [name = '', value = ''] = had.split('=');
  const session = createSessionGuard([ofPreset(preset)], noList)?.sessionOf(['Set-Cookie', cookie], (asked) =>
    asked === name ? ['1', value] : undefined,
  );
  expect(session !== undefined).toBe(begins);
  if (session) expect([...session.unnamed]).toEqual([cookie.split('=')[0]]);
});

test('a session of two presets needs what both need', () => {
  const both = [ofPreset('wordpress'), ofPreset('phpmyadmin')];
  const session = sessionOf(both, 'wordpress_sec_1=ann|1|t|h', 'pmaAuth-1=x');
  expect(session).toMatchObject({ users: ['ann'], isNameless: false });
  expect(session?.cookies).toEqual(new Set(['wordpress_sec_1', 'pmaAuth-1']));
  expect(sessionOf(both, 'wordpress_sec_1=ann', 'pmaAuth-1=x')).toMatchObject({ isNameless: true });
});

test.each([
  ['POST', '/my-account/', undefined, true],
  ['POST', '/shop/checkout', undefined, true],
  ['POST', '/', 'wc-ajax=checkout', true],
  ['POST', '/wp-json/wc/store/v1/checkout', undefined, true],
  ['GET', '/my-account/', undefined, false],
  ['POST', '/plugin/login.php/my-account/', undefined, false],
  ['POST', '/wp-json/plugin/v1/my-account/', undefined, false],
  ['POST', '/a/b/my-account/', undefined, false],
  ['POST', '/my-account/', 'rest_route=/plugin/v1/login', false],
  ['POST', '/wp-admin/admin-ajax.php', 'wc-ajax=checkout', false],
  ['POST', '/wp-json/plugin/wc/store/checkout', undefined, false],
])('of WooCommerce %s %s?%s may begin one: %s', (method, path, query, may) => {
  const woo = createSessionGuard([ofPreset('woocommerce')], noList) as SessionGuard;
  const exchange = exchangeOf({ method, path, ...(query !== undefined && { query }) });
  expect(isExempt(woo, [{ exchange, path }])).toBe(may);
});

test.each(['wordpress', 'dokuwiki', 'mediawiki'])('of %s no request may begin one', (preset) => {
  expect(createSessionGuard([ofPreset(preset)], noList)?.exemptions).toEqual([]);
});

test('a request is exempt only in every reading of its path', () => {
  const readingsOf = (query: string | undefined, ...paths: string[]) =>
    paths.map((path) => ({ exchange: exchangeOf({ path, ...(query !== undefined && { query }) }), path }));
  expect(isExempt(guard, readingsOf(undefined, '/profile'))).toBe(true);
  expect(isExempt(guard, readingsOf(undefined, '/profile', '/login'))).toBe(false);
  expect(isExempt(guard, readingsOf('ajax=checkout', '/', '/x'))).toBe(true);
  expect(isExempt(guard, readingsOf('ajax=other', '/'))).toBe(false);
});
