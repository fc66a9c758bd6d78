// Formats of lists, recognised by their content alone.

import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { build, findIn } from '../../../support/gateway/build-lists.ts';

/** As FireHOL writes its files. */
const FIREHOL = `#
# firehol_proxies
#
# ipv4 hash:net ipset
#
# Maintainer      : FireHOL
# This File Date  : Thu Nov 26 04:20:51 UTC 2026
#
1.2.3.4
5.6.7.0/24
`;
const AWS = {
  syncToken: '1764374400',
  createDate: '2026-11-29-00-00-00',
  prefixes: [{ ip_prefix: '1.2.3.0/24', region: 'eu-west-1', network_border_group: 'eu-west-1', service: 'AMAZON' }],
  ipv6_prefixes: [{ ipv6_prefix: '2600:1f00::/24', region: 'GLOBAL', network_border_group: 'GLOBAL', service: 'EC2' }],
};
const CLOUDFLARE = { result: { ipv4_cidrs: ['1.2.3.0/24'], ipv6_cidrs: ['2600:1f00::/24'] }, success: true };
const GOOGLE = {
  creationTime: '2026-11-29T00:00:00',
  prefixes: [{ ipv4Prefix: '1.2.3.0/24' }, { ipv6Prefix: '2600:1f00::/24', service: 'Google Cloud' }],
};
const TOR = `@type tordnsel 1.0
Downloaded 2010-12-28 11:02:03
ExitNode 63BA28370F543D175173E414D5450590D73E22DC
Published 2010-12-28 07:35:55
LastStatus 2010-12-28 08:10:11
ExitAddress 1.2.3.4 2010-12-28 07:10:30
ExitAddress 5.6.7.8 2010-12-28 10:35:30
`;

describe('the content', () => {
  test.each([
    ['of FireHOL', FIREHOL, 'lines', ['1.2.3.4', '5.6.7.255']],
    ['with CRLF and a byte order mark', '\ufeff1.2.3.4\r\n5.6.7.0/24\r\n', 'lines', ['1.2.3.4', '5.6.7.255']],
    ['without a last line end', '1.2.3.4', 'lines', ['1.2.3.4']],
    ['of ranges', '1.2.3.0-1.2.3.9\n2600::1 - 2600::9\n', 'lines', ['1.2.3.4', '2600::5']],
    ['of Spamhaus', '; Spamhaus DROP List\n1.2.3.0/24 ; SBL256894\n', 'lines', ['1.2.3.4']],
    ['of proxies', '1.2.3.4:8080\nsocks5://5.6.7.8:1080\n[2600::1]:3128\n', 'lines', ['1.2.3.4', '5.6.7.8', '2600::1']],
    ['of a lone proxy with brackets', '[2600::1]:3128\n', 'lines', ['2600::1']],
    ['with host bits', '1.2.3.4/24\n', 'lines', ['1.2.3.9']],
    ['of IPv4-mapped addresses', '::ffff:1.2.3.4\n', 'lines', ['1.2.3.4']],
    ['of CSV', 'ip,port,country\n"1.2.3.4","80","DE"\n5.6.7.8,81,FR\n', 'csv', ['1.2.3.4', '5.6.7.8']],
    ['of a geofeed', '# RFC 8805\n1.2.3.0/27,GB,GB-EN,London,\n2600::/64,US,,,\n', 'csv', ['1.2.3.4', '2600::9']],
    ['of tabs', '1.2.3.4\t80\n5.6.7.8\t81\n', 'csv', ['1.2.3.4', '5.6.7.8']],
    ['of AWS', JSON.stringify(AWS), 'json', ['1.2.3.4', '2600:1f00::1']],
    ['of Google', JSON.stringify(GOOGLE, undefined, 2), 'json', ['1.2.3.4', '2600:1f00::1']],
    ['of Cloudflare', JSON.stringify(CLOUDFLARE), 'json', ['1.2.3.4', '2600:1f00::1']],
    ['of Fastly', '{"addresses":["1.2.3.0/24"],"ipv6_addresses":["2600::/32"]}', 'json', ['1.2.3.4', '2600::1']],
    ['of a JSON array', '["1.2.3.4", "5.6.7.8:80"]', 'json', ['1.2.3.4', '5.6.7.8']],
    ['of JSON objects', '[{"ip":"1.2.3.4","port":80},{"ip":"5.6.7.8","port":81}]', 'json', ['1.2.3.4', '5.6.7.8']],
    ['of JSON lines', '{"cidr":"1.2.3.0/24","sblid":"SBL1"}\n{"cidr":"5.6.7.0/24"}\n', 'json', ['1.2.3.4', '5.6.7.8']],
    ['of JSON proxies', '[{"protocol":"http","host":"1.2.3.4","port":80}]', 'json', ['1.2.3.4']],
    ["of Tor's exits", TOR, 'tor', ['1.2.3.4', '5.6.7.8']],
    ['in gzip', zlib.gzipSync(FIREHOL), 'lines', ['1.2.3.4', '5.6.7.0']],
  ])('%s is read', async (_, content, format, addresses) => {
    const built = build(content);
    expect(built.report).toMatchObject({ format, unreadable: 0, forbidden: 0 });
    expect(await findIn(built, [...addresses, '9.9.9.9', '2a00::1'])).toEqual(addresses);
  });

  test.each([
    ['a page of HTML or XML', '<!DOCTYPE html><title>404</title>'],
    ['binary data', Buffer.from([1, 2, 0, 3])],
    ['JSON with the members message, url', '{"message":"rate limit exceeded","url":"https://example.com"}'],
    ['a JSON array without addresses', '[1,2,3]'],
    ['broken JSON', '{"prefixes":['],
    ['text, of whose first 3 lines 1 are addresses', 'hello\nworld\n1.2.3.4\n'],
    ['text, of whose first 1 lines 0 are addresses', '192.0.2.0 192.0.2.255 24\n'],
    ['text, of whose first 1 lines 0 are addresses', '1.2.3.0,1.2.3.255,DE\n'],
  ])('that is %s is refused', (seen, content) => {
    expect(() => build(content)).toThrow(
      expect.objectContaining({ code: 'FORMAT_UNKNOWN', message: `the list has no known format: ${seen}` }),
    );
  });

  test.each([
    ['GZIP_DAMAGED', zlib.gzipSync(FIREHOL).subarray(0, 40), {}],
    ['CONTENT_TOO_LONG', zlib.gzipSync(Buffer.alloc(2_000_000, 10)), {}],
    ['CONTENT_TOO_LONG', '1.2.3.4\n'.repeat(200_000), {}],
    ['LIST_EMPTY', '', {}],
    ['LIST_EMPTY', '# nothing today\n\n', {}],
    ['ONLY_PRIVATE', '10.0.0.0/8\n127.0.0.1\n', {}],
    ['TOO_MANY_ENTRIES', '1.2.3.4\n5.6.7.8\n', { maxEntries: 1 }],
    ['LINES_UNREADABLE', `${'1.2.3.4\n'.repeat(40)}${'proxy.example\n'.repeat(3)}`, {}],
    ['LINES_UNREADABLE', 'ip\n1.2.3.4\nnone\n', { format: 'tor' as const }],
    ['LINES_UNREADABLE', `${'x'.repeat(9000)}\n`, { kind: 'string' as const }],
  ])('that is %s is refused', (code, content, options) => {
    expect(() => build(content, options)).toThrow(expect.objectContaining({ name: 'ContentError', code }));
  });

  // Where a pattern is not linear, this takes minutes.
  test.each([' ', '"', '0', '.', '1.', ',', '1,', ':', '-', '/'])('of long lines of %j is refused', (text) => {
    const line = `1${text.repeat(8000 / text.length)}x\n`;
    expect(() => build(line.repeat(200), { format: 'csv', maxBytes: 2 ** 26 })).toThrow('unreadable');
    expect(() => build(line.repeat(200), { format: 'lines', maxBytes: 2 ** 26 })).toThrow('unreadable');
    expect(() => build(line.repeat(200), { maxBytes: 2 ** 26 })).toThrow('no known format');
  });

  test('of nothing but unreadable lines is given up early', () => {
    expect(() => build('x\n'.repeat(50_000), { format: 'lines' })).toThrow('1000 of 1000 entries are unreadable');
  });

  test('of few unreadable lines is read, and they are counted', () => {
    const { report } = build(`1.2.3.4\n5.6.7.8\n${'9.9.9.9\n'.repeat(40)}proxy.example\n`);
    expect(report).toMatchObject({ entries: 3, unreadable: 1 });
  });
});

describe('a network of a feed', () => {
  test.each([
    '0.0.0.0/0',
    '::/0',
    '10.1.2.3',
    '127.0.0.1:8080',
    '9.255.255.255-10.0.0.0',
    '192.168.0.0/16',
    '169.254.169.254',
    '100.64.0.0/10',
    '224.0.0.1',
    '255.255.255.255',
    '16.0.0.0/7',
    '::ffff:10.0.0.1',
    '::1',
    'fe80::/10',
    'fc00::/7',
    'ff02::1',
    '64:ff9b::/96',
    '2000::/3',
    '2600::/15',
    '2001:db8::1',
    '2002:a00::/24',
  ])('%s is left out unless it is allowed', async (text) => {
    const built = build(`1.2.3.4\n${text}\n`);
    expect(built.report).toMatchObject({ entries: 1, forbidden: 1 });
    expect(await findIn(built, ['10.0.0.0', '127.0.0.1', '2600::1', '1.2.3.4'])).toEqual(['1.2.3.4']);
    expect(build(`${text}\n`, { allowPrivate: true }).report).toMatchObject({ entries: 1, forbidden: 0 });
  });

  test.each(['1.0.0.0/8', '11.0.0.0/8', '172.15.0.0/16', '2600::/16', '2a00:1450::/32'])('%s is kept', (text) => {
    expect(build(`${text}\n`).report).toMatchObject({ entries: 1, forbidden: 0 });
  });
});

describe('a list of texts', () => {
  test('has its lines whole, as bytes', async () => {
    const built = build('# user agents\ncurl/8.5.0\nMozilla/5.0 (compatible; x; #1)\ncaf\u00e9\n', { kind: 'string' });
    expect(built.report).toMatchObject({ format: 'lines', entries: 3 });
    const texts = ['curl/8.5.0', 'Mozilla/5.0 (compatible; x; #1)', 'caf\xc3\xa9'];
    expect(await findIn(built, [...texts, 'curl', '# user agents', 'caf\xe9'])).toEqual(texts);
  });

  test('may be a JSON array', async () => {
    const built = build('["/xmlrpc.php", "/caf\u00e9"]', { kind: 'string' });
    expect(built.report.format).toBe('json');
    expect(await findIn(built, ['/xmlrpc.php', '/caf\xc3\xa9', '/'])).toEqual(['/xmlrpc.php', '/caf\xc3\xa9']);
  });
});
