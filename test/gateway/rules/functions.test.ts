// Functions of rules: each example of Cloudflare's documentation, and what lies beside it.

import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { evaluateRule, loadRule, type RuleRequest } from '../../support/gateway/rules/rule-request.ts';

const asBytes = (text: string): string => Buffer.from(text).toString('latin1');

/** `$` in a source is the field that has the value. */
const holds = (source: string, value: unknown): unknown =>
  evaluateRule(source.replaceAll('$', 'http.user_agent'), { 'http.user_agent': value } as RuleRequest);

describe('functions of text', () => {
  test.each([
    ['lower($) eq "www.cloudflare.com"', 'WWW.cloudflare.com'],
    ['lower($) eq "\\xc9a"', '\xc9A'],
    ['upper($) eq "WWW.CLOUDFLARE.COM"', 'www.cloudflare.com'],
    ['upper($) eq "\\xe9\\xff\\xb5A"', '\xe9\xff\xb5a'],
    ['len($) eq 11', 'example.com'],
    ['len($) eq 2', asBytes('é')],
    ['len($) eq 0', ''],
    ['starts_with($, "/blog")', '/blog/first-post'],
    ['not starts_with($, "/BLOG")', '/blog/first-post'],
    ['starts_with($, "")', 'a'],
    ['ends_with($, ".html")', '/welcome.html'],
    ['not ends_with($, ".htm")', '/welcome.html'],
    ['substring($, 2, 5) eq "dfg"', 'asdfghjk'],
    ['substring($, 2) eq "dfghjk"', 'asdfghjk'],
    ['substring($, -2) eq "jk"', 'asdfghjk'],
    ['substring($, 0, -2) eq "asdfgh"', 'asdfghjk'],
    ['substring($, 5, 2) eq ""', 'asdfghjk'],
    ['substring($, 100) eq ""', 'asdfghjk'],
    ['concat("String1", " ", $, "2") eq "String1 String2"', 'String'],
    ['split($, ",", 64)[3] eq "auto"', 'groceries,electronics,diy,auto'],
    ['len(split($, ",", 64)) eq 4', 'groceries,electronics,diy,auto'],
    ['split($, ",", 3)[2] eq "diy,auto"', 'groceries,electronics,diy,auto'],
    ['split($, ",", 1)[0] eq "groceries,electronics"', 'groceries,electronics'],
    ['split($, ",", 64)[1] eq ""', 'groceries,,electronics'],
    ['len(split($, ",", 64)) eq 1', ''],
    ['join(split($, ",", 9), ", ") eq "a, b"', 'a,b'],
    ['any(split($, ",", 9)[*] eq "b")', 'a,b'],
    ['len(concat(split($, ",", 9), split($, ";", 9))) eq 3', 'a,b'],
    ['url_decode($) eq "John Doe"', 'John%20Doe'],
    ['url_decode($) eq "John Doe"', 'John+Doe'],
    ['url_decode($) eq "%20"', '%2520'],
    ['url_decode($, "r") eq " "', '%2520'],
    ['url_decode($) eq "\\xe4\\xbd"', '%E4%BD'],
    ['url_decode($) eq "%zz%4%"', '%zz%4%'],
    ['url_decode($, "u") eq "☁"', '%u2601'],
    ['url_decode($) eq "%u2601"', '%u2601'],
    ['url_decode($, "u") eq "%ud83d"', '%ud83d'],
    ['url_decode($, "ur") eq "☁"', '%25u2601'],
    ['url_decode($, "r") contains "%"', `%${'25'.repeat(12)}41`],
    ['decode_base64($) eq "123abc"', 'MTIzYWJj'],
    ['decode_base64($) eq "1234"', 'MTIzNA=='],
    ['decode_base64($) eq "1234"', 'MTIzNA'],
    ['decode_base64($) eq ""', ''],
    ['not decode_base64($) contains ""', 'MTIz!'],
    ['not decode_base64($) contains ""', 'MTIzNA='],
    ['not decode_base64($) contains ""', 'MTIzY'],
    ['not decode_base64($) contains ""', 'MT IzYWJj'],
    ['encode_base64($) eq "aGVsbG8gd29ybGQ"', 'hello world'],
    ['encode_base64($, "p") eq "aGVsbG8gd29ybGQ="', 'hello world'],
    ['encode_base64($, "u") eq "-_8"', '\xfb\xff'],
    ['encode_base64($, "up") eq "-_8="', '\xfb\xff'],
    ['encode_base64($) eq "+/8"', '\xfb\xff'],
    ['encode_base64("hello world") eq "aGVsbG8gd29ybGQ" and len($) eq 0', ''],
    ['encode_base64(sha256($)) eq "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0"', 'abc'],
    ['len(sha256($)) eq 32', 'abc'],
  ])('%s of %j', (source, value) => {
    expect(holds(source, value)).toBe(true);
  });

  test.each([
    ['to_string(http.response.code) eq "403"'],
    ['to_string(http.response.code) matches "^40"'],
    ['to_string(ssl) eq "true"'],
    ['to_string(ip.src) eq "113.10.0.2"'],
    ['cidr(ip.src, 24, 24) eq 113.10.0.0'],
    ['cidr(ip.src, 32, 24) eq 113.10.0.2'],
    ['cidr6(ip.src, 24) eq 113.10.0.2'],
    ['to_string(cidr(ip.src, 24, 48)) eq "113.10.0.0"'],
  ])('%s', (source) => {
    expect(evaluateRule(source, { 'http.response.code': 403, ssl: true, 'ip.src': '113.10.0.2' })).toBe(true);
  });

  test('cut IPv6 addresses to networks', () => {
    const request = { 'ip.src': '2001:0000:130F:0000:0000:09C0:876A:130B' };
    expect(evaluateRule('cidr(ip.src, 24, 24) eq 2001::', request)).toBe(true);
    expect(evaluateRule('cidr6(ip.src, 48) eq 2001:0:130f::', request)).toBe(true);
    expect(evaluateRule('cidr6(ip.src, 128) eq 2001:0:130f::9c0:876a:130b', request)).toBe(true);
  });
});

describe('look-ups in JSON', () => {
  test.each([
    ['lookup_json_string($, "company") eq "cloudflare"', '{ "company": "cloudflare", "product": "rulesets" }'],
    ['lookup_json_string($, "network", "name") eq "cloudflare"', '{ "network": { "name": "cloudflare" } }'],
    ['lookup_json_string($, 1) eq "cloudflare"', '["other_company", "cloudflare"]'],
    ['lookup_json_string($, "networks", 1) eq "cloudflare"', '{ "networks": ["other_company", "cloudflare"] }'],
    ['lookup_json_string($, 1, "network") eq "b"', '[{ "network": "a" }, { "network": "b" }]'],
    ['lookup_json_string($, "a") eq "é☁"', asBytes('{"a":"\\u00e9☁"}')],
    ['lookup_json_string($, "é") eq "x"', asBytes('{"é":"x"}')],
    ['lookup_json_integer($, "version") eq 2', '{ "record_id": "aed53a", "version": 2 }'],
    ['lookup_json_integer($, "product", "id") eq 356', '{ "product": { "id": 356 } }'],
    ['lookup_json_integer($, 1) eq -234', '["first_item", -234]'],
    ['lookup_json_integer($, "network_ids", 0) eq 123', '{ "network_ids": [123, 456] }'],
    ['lookup_json_integer($, 1, "product_id") eq 456', '[{ "product_id": 123 }, { "product_id": 456 }]'],
    ['lookup_json_integer($, 0) eq 0', '[-0]'],
    // Beyond what an integer holds, comparisons stay right.
    ['lookup_json_integer($, 0) gt 9007199254740990', '[9007199254740991]'],
    ['lookup_json_integer($, 0) gt 9007199254740990', `[1${'0'.repeat(400)}]`],
    ['lookup_json_integer($, 0) lt -9007199254740990', '[-99999999999999999999]'],
  ])('%s of %s', (source, value) => {
    expect(holds(source, value)).toBe(true);
  });

  test.each([
    ['lookup_json_string($, "a")', '{"a":1}'],
    ['lookup_json_string($, "a")', '{"a":null}'],
    ['lookup_json_string($, "a")', '{"b":"x"}'],
    ['lookup_json_string($, "a")', '{"a":"x"'],
    ['lookup_json_string($, "a")', ''],
    ['lookup_json_string($, "a")', 'null'],
    ['lookup_json_string($, "a", "b")', '{"a":"x"}'],
    ['lookup_json_string($, 5)', '["x"]'],
    ['lookup_json_string($, 0)', '{"0":"x"}'],
    ['lookup_json_string($, "0")', '["x"]'],
    ['lookup_json_string($, "length")', '["x"]'],
    ['lookup_json_string($, "__proto__", "a")', '{"b":"x"}'],
    ['lookup_json_string($, "constructor", "name")', '{"b":"x"}'],
    ['lookup_json_string($, "a")', '['.repeat(100_000)],
  ])('%s of %s has no result', (source, value) => {
    expect(holds(`${source} ne "x" and not ${source} contains ""`, value)).toBe(true);
  });

  test.each(['{"a":42.0}', '{"a":1e2}', '{"a":"1"}', '{"a":1.5}', '{"a":true}', '{"a":[1]}'])(
    'lookup_json_integer of %s has no result',
    (value) => {
      expect(holds('not lookup_json_integer($, "a") in {-9007199254740990..9007199254740990}', value)).toBe(true);
    },
  );

  test('leave out elements without a result', () => {
    const request = { 'http.request.headers': { x: ['{"a":"b"}', 'no', '{"a":"c"}'] } };
    expect(evaluateRule('len(lookup_json_string(http.request.headers["x"][*], "a")) eq 2', request)).toBe(true);
    expect(evaluateRule('all(lookup_json_string(http.request.headers["x"][*], "a")[*] in {"b" "c"})', request)).toBe(
      true,
    );
  });
});

describe('is_timed_hmac_valid_v0', () => {
  const KEY = 'mysecretkey';
  const ISSUED = 1_484_063_787;
  const mac = (message: string, encoding: 'base64' | 'base64url' = 'base64'): string =>
    createHmac('sha256', KEY).update(`${message}${ISSUED}`).digest(encoding);
  const MAC = mac('/download/cat.jpg');
  const URI = `/download/cat.jpg?verify=${ISSUED}-${encodeURIComponent(MAC)}`;
  const check = (uri: string, now: number, rest = ', 8'): unknown =>
    evaluateRule(`is_timed_hmac_valid_v0("${KEY}", http.request.uri, 100000, http.request.timestamp.sec${rest})`, {
      'http.request.uri': uri,
      'http.request.timestamp.sec': now,
    });

  test('accepts a link until it expires', () => {
    expect(check(URI, ISSUED)).toBe(true);
    expect(check(URI, ISSUED + 100_000)).toBe(true);
    expect(check(URI, ISSUED + 100_001)).toBe(false);
  });

  test('accepts the alphabet of URLs with the flag s alone', () => {
    const uri = `/download/cat.jpg?verify=${ISSUED}-${mac('/download/cat.jpg', 'base64url')}`;
    expect(check(uri, ISSUED, ', 8, "s"')).toBe(true);
    expect(check(uri, ISSUED, ', 8')).toBe(false);
    expect(check(URI, ISSUED, ', 8, "s"')).toBe(false);
  });

  test('accepts a MAC that is not escaped, in which a plus is no blank', () => {
    const message = Array.from({ length: 1000 }, (_, i) => `/${i}`).find((path) => mac(path).includes('+')) ?? '';
    expect(check(`${message}?verify=${ISSUED}-${mac(message)}`, ISSUED)).toBe(true);
  });

  test('reads a message without a separator, joined from several fields', () => {
    const source = `is_timed_hmac_valid_v0("${KEY}",
      concat(http.request.uri, http.request.headers["timestamp"][0], "-", http.request.headers["mac"][0]),
      100000, http.request.timestamp.sec, 0)`;
    const request = {
      'http.request.uri': '/a',
      'http.request.headers': { timestamp: [String(ISSUED)], mac: [encodeURIComponent(mac('/a'))] },
      'http.request.timestamp.sec': ISSUED + 1,
    };
    expect(evaluateRule(source, request)).toBe(true);
    expect(evaluateRule(source, { ...request, 'http.request.uri': '/b' })).toBe(false);
  });

  test.each([
    ['another message', URI.replace('cat', 'dog')],
    ['another time', URI.replace(String(ISSUED), String(ISSUED + 1))],
    ['another MAC', URI.replace('verify=1484063787-', 'verify=1484063787-A').slice(0, -4).concat('%3D')],
    ['a shorter time', URI.replace(String(ISSUED), '148406378')],
    ['no MAC', URI.split('-')[0] as string],
    ['no message', URI.slice(URI.indexOf('?'))],
    ['more behind the MAC', `${URI}A`],
    ['nothing', ''],
    ['dashes', '-'.repeat(100)],
  ])('refuses a link with %s', (_, uri) => {
    expect(check(uri, ISSUED)).toBe(false);
  });

  test('never shows its key', () => {
    const { explain } = loadRule(`ssl and is_timed_hmac_valid_v0("${KEY}", http.request.uri, 1, 2)`);
    const explanation = explain({ read: () => 'x' });
    expect(JSON.stringify(explanation)).not.toContain(KEY);
    expect(JSON.stringify(explanation)).toContain('***********');
  });
});
