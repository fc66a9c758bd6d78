// Which requests change a password, by their heads.

import { expect, test } from 'vitest';
import type { Exchange } from '../../../gateway/exchange.ts';
import { LOGIN_SCHEMA } from '../../../gateway/login/login-config.ts';
import { changesPassword, createPasswordChanges } from '../../../gateway/login/password-changes.ts';
import { PRESETS } from '../../../gateway/login/preset.ts';
import { exchangeOf } from '../../support/gateway/login/answer.ts';

const changesOf = (login: unknown) => {
  const changes = createPasswordChanges(LOGIN_SCHEMA.parse(login), () => undefined);
  return changes && ((exchange: Exchange) => changesPassword(changes, exchange));
};

test.each([
  ['wordpress', '/wp-admin/profile.php', undefined],
  ['wordpress', '/blog/wp-json/wp/v2/users/me', undefined],
  ['wordpress', '/', 'rest_route=/wp/v2/users/me'],
  ['woocommerce', '/my-account/edit-account/', undefined],
  ['dokuwiki', '/doku.php', 'id=start&do=profile'],
  ['mediawiki', '/index.php', 'title=Special:ChangeCredentials/MediaWiki'],
  ['mediawiki', '/wiki/Special:ChangePassword', undefined],
  ['phpmyadmin', '/index.php', 'route=/user-password'],
  ['roundcube', '/', '_task=settings&_action=plugin.password-save'],
  ['gitlab', '/-/user_settings/password', undefined],
  ['nextcloud', '/index.php/settings/personal/changepassword', undefined],
  ['grafana', '/api/user/password', undefined],
  ['ghost', '/ghost/api/admin/users/password/', undefined],
  ['magento', '/customer/account/editPost/', undefined],
  ['plone', '/@@change-password', undefined],
  ['drupal', '/user/7/edit', undefined],
])('%s: %s?%s', (preset, path, query) => {
  const changes = changesOf(preset);
  const exchange = (method: string) => exchangeOf({ method, path, ...(query !== undefined && { query }) });
  expect(changes?.(exchange('POST'))).toBe(true);
  expect(changes?.(exchange('PUT'))).toBe(true);
  expect(changes?.(exchange('GET'))).toBe(false);
  expect(changes?.(exchangeOf({ method: 'POST', path: '/other' }))).toBe(false);
});

test('a location of an operator has its path', () => {
  const location = { name: 'main', when: 'http.host eq "x"', password: 'http.request.body.form["p"][0]' };
  const changes = changesOf({ locations: [{ ...location, changePassword: '/account?page=password' }] });
  expect(changes?.(exchangeOf({ path: '/account', query: 'page=password' }))).toBe(true);
  expect(changes?.(exchangeOf({ path: '/account' }))).toBe(false);
  expect(changesOf({ locations: [location] })).toBeUndefined();
});

test('presets without one are those that are known', () => {
  const without = [...PRESETS.values()].filter(({ changePassword }) => changePassword?.when === undefined);
  expect(without.map(({ name }) => name)).toEqual(['basic', 'generic', 'joomla', 'keycloak', 'owa']);
});
