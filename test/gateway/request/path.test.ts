// The readings of a path: what servers make of it, and which paths read in one way.

import { describe, expect, test } from 'vitest';
import {
  canonicalPath,
  isAmbiguous,
  isCanonicalUnique,
  readingsOf,
  resolveDots,
} from '../../../gateway/request/path.ts';

const unix = { origin: 'unix' } as const;
const windows = { origin: 'windows' } as const;

describe('the readings of a path', () => {
  test.each(['/', '/a/b', '/wp-login.php', '/a.b/c.d', '/A', '/a/b/'])('%s has one', (path) => {
    expect(readingsOf(path, unix)).toEqual([path]);
  });

  test.each([
    ['/%61dmin', '/admin'],
    ['/%2561dmin', '/admin'],
    ['//admin', '/admin'],
    ['/x/../admin', '/admin'],
    ['/./admin', '/admin'],
    ['/x/%2e%2e/admin', '/admin'],
    ['/x/..%2fadmin', '/admin'],
    ['/x/..;/admin', '/admin'],
    ['/admin;jsessionid=1/', '/admin/'],
    ['/admin%2f', '/admin/'],
    ['/x%5c..%5cadmin', '/admin'],
    ['/admin/index.php/x', '/admin/index.php'],
    ['/%c0%afadmin', '/admin'],
    ['/x/%252e%252e/admin', '/admin'],
    // Decoded but for slashes, in Apache with AllowEncodedSlashes NoDecode and in `new URL`.
    ['/x%2fy/%2e%2e/admin', '/admin'],
    ['/public/x%2fy/%2e%2e/%2e%2e/admin', '/admin'],
    ['/x%2fy/../%61dmin', '/admin'],
    // Cut or resolved before it is decoded.
    ['/x;a%2fb/../%61dmin', '/admin'],
    ['/public;a%2fb/%2e%2e/admin', '/admin'],
    ['/a/b//../../admin', '/admin'],
    ['/x/%e0%80%ae%e0%80%ae/admin', '/admin'],
    ['/admin.php/x.php/y', '/admin.php'],
    ['/admin%3f.css', '/admin'],
    ['/admin%00.css', '/admin'],
    ['/admin%23.css', '/admin'],
    ['/%25252561dmin', '/admin'],
  ])('%s may be %s', (path, reading) => {
    const readings = readingsOf(path, unix);
    expect(readings?.[0]).toBe(path);
    expect(readings).toContain(reading);
    expect(isAmbiguous(readings ?? [])).toBe(!['/%61dmin', '/admin%3f.css', '/admin%23.css'].includes(path));
  });

  test.each([
    ['/ADMIN', '/admin'],
    ['/admin.', '/admin'],
    ['/admin%20', '/admin'],
    ['/admin::$DATA', '/admin'],
    ['/%u0061dmin', '/admin'],
    ['/admin.cfm/x', '/admin.cfm'],
    ['/admin.jsp/x', '/admin.jsp'],
    ['/admin. . ./x', '/admin/x'],
  ])('%s may be %s to Windows', (path, reading) => {
    expect(readingsOf(path, windows)).toContain(reading);
  });

  test.each(['/a%20b', '/%C3%A9t%C3%A9', '/a%2Bb', '/q%3F', '/%7Euser'])('%s is not ambiguous', (path) => {
    expect(isAmbiguous(readingsOf(path, unix) ?? [])).toBe(false);
  });

  test('are refused beyond a bound', () => {
    const tricks = '/%25255c..;a/%2e/;b//%25%32%66\\..%5c.php/'.repeat(40);
    const readings = readingsOf(tricks, windows);
    expect(readings === undefined || readings.length <= 64).toBe(true);
    const long = readingsOf(`/${'a'.repeat(16_000)}%2561;b//c`, unix);
    expect(long === undefined || long.join('').length <= 65_536).toBe(true);
  });
});

describe('the canonical path', () => {
  test.each([
    ['/a//b', '/a/b'],
    ['/a/./b/../c', '/a/c'],
    ['/%7euser', '/~user'],
    ['/a%2fb', '/a%2Fb'],
    ['/..', '/'],
    ['/a/..', '/'],
    ['/a/b/.', '/a/b/'],
    ['/%2%61dmin', '/%252admin'],
    ['/%6%61', '/%256a'],
    ['/a%', '/a%25'],
  ])('of %s is %s', (path, canonical) => {
    expect(canonicalPath(path)).toBe(canonical);
    expect(canonicalPath(canonical)).toBe(canonical);
  });

  test.each([
    ['/a//b', true],
    ['/a/./b', true],
    ['/a%2fb', false],
    ['/a;b', false],
    ['/%2561', false],
  ])('of %s reads in one way: %s', (path, isUnique) => {
    expect(isCanonicalUnique(path, unix)).toBe(isUnique);
  });

  test('has the dot segments of RFC 3986 resolved', () => {
    expect(resolveDots('/a/b/c/./../../g')).toBe('/a/g');
    expect(resolveDots('/../../x')).toBe('/x');
  });
});
