// How a server of PostgreSQL is reached: passwords, service files, and TLS unless refused.

import { parse } from 'pg-connection-string';
import { afterEach, beforeEach, describe, expect, vi } from 'vitest';
import { connectionString } from '../../../match/users/postgres.ts';
import { parseServerUrl } from '../../../match/users/server-users.ts';
import { placeTest as test } from '../../support/vitest/fixtures.ts';

const of = (url: string, password?: string): URL =>
  new URL(connectionString({ url: new URL(url), table: 't', ...(password !== undefined && { password }) }));
const parametersOf = (url: string, password?: string) => Object.fromEntries(of(url, password).searchParams);

beforeEach(() => {
  for (const name of ['PGHOST', 'PGSSLMODE', 'PGSERVICE', 'PGSERVICEFILE']) vi.stubEnv(name, undefined);
});
afterEach(() => vi.unstubAllEnvs());

describe('a server of PostgreSQL', () => {
  test('is reached with verified TLS, unless it is this machine or the operator says otherwise', () => {
    for (const remote of ['postgres://db.example/app', 'postgres:///app?host=10.0.0.7', 'postgres://[2001:db8::1]/app'])
      expect(parametersOf(remote)).toMatchObject({ sslmode: 'verify-full' });
    for (const local of ['localhost', '127.0.0.1', '[::1]', '%2Frun%2Fpostgresql', ''])
      expect(parametersOf(`postgres://${local}/app`)).toEqual({});
    expect(parametersOf('postgres:///app?host=/run/postgresql')).toEqual({ host: '/run/postgresql' });
    // Names that only look local.
    for (const remote of ['localhost.example', '127.example', '127.0.0.1.example'])
      expect(parametersOf(`postgres://${remote}/app`)).toEqual({ sslmode: 'verify-full' });
    expect(parametersOf('postgres://db.example/app?sslmode=disable')).toEqual({ sslmode: 'disable' });
    vi.stubEnv('PGHOST', 'db.example');
    expect(parametersOf('postgres:///app')).toEqual({ sslmode: 'verify-full' });
    vi.stubEnv('PGSSLMODE', 'disable');
    expect(parametersOf('postgres:///app')).toEqual({});
  });

  test.each([
    ['postgres://ann@/app?host=/run/postgresql', { host: '/run/postgresql', user: 'ann' }],
    ['postgresql://a+b&c%40d@/app', { user: 'a+b&c@d' }],
    ['postgres://ann@', { user: 'ann' }],
    ['postgres://ann@/app?host=db.example', { host: 'db.example', user: 'ann', sslmode: 'verify-full' }],
    ['postgres:///app?host=/run/postgresql&user=ann', { host: '/run/postgresql', user: 'ann' }],
  ])('takes the URLs of libpq, which need no host: %s', (text, parameters) => {
    const url = parseServerUrl(text) as URL;
    expect(parametersOf(url.href)).toEqual(parameters);
    const config = parse(connectionString({ url, table: 't' }));
    expect({ host: '', ...parameters }).toMatchObject({ user: config.user, host: config.host ?? '' });
  });

  test('has no URL that is no URL', () => {
    for (const text of ['postgres://@:x', 'mysql://ann@/app', 'postgres://a:b@/app'])
      expect(parseServerUrl(text), text).toBeNull();
  });

  test('is given a password with any characters', () => {
    const password = "p@ss:/?#[]&=%20 ü'";
    expect(parametersOf('postgres://ann@localhost/app', password)).toEqual({ password });
  });

  test('may be named by a service, of which the URL says more', ({ place }) => {
    const file = place.write(
      'services',
      '# comment\n[other]\nhost=wrong.example\n\n[app]\nhost = db.example\nport=6432\nuser=ann\ndbname=shop\npassword=s=3\nkeepalives=1\n[app]\nhost=second.example\n',
    );
    vi.stubEnv('PGSERVICEFILE', file);
    const { pathname, searchParams } = of('postgres:///?service=app');
    const service = { host: 'db.example', port: '6432', user: 'ann', password: 's=3', sslmode: 'verify-full' };
    expect([pathname, Object.fromEntries(searchParams)]).toEqual(['/shop', service]);
    vi.stubEnv('PGSERVICE', 'app');
    const stated = of('postgres://ben@localhost:5433/other', 'secret');
    expect(stated.pathname).toBe('/other');
    expect(Object.fromEntries(stated.searchParams)).toEqual({ password: 'secret' });
    expect(() => of('postgres:///?service=none')).toThrow(expect.objectContaining({ code: 'USERS_UNREADABLE' }));
  });

  test('has no parameters that we do not know', () => {
    expect(() => of('postgres://localhost/app?sslmod=disable')).toThrow(
      expect.objectContaining({ code: 'USERS_UNREADABLE' }),
    );
  });
});
