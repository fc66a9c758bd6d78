// The source of a rule as people see it: no key, however its function is misspelt.

import { expect, test } from 'vitest';
import { shownSource } from '../../../gateway/rules/syntax/shown-source.ts';

test.each([
  'is_timed_hmac_valid_v0("topsecret", http.request.uri, 10, http.request.timestamp.sec)',
  'is_timed_hmac_valid_v1("topsecret", http.request.uri, 10, http.request.timestamp.sec)',
  'istimed_hmac_valid_v0("topsecret", 1)',
  'IS_TIMED_HMAC_VALID_V0("topsecret", 1)',
  'is_timed-hmac_valid_v0("topsecret", 1)',
  'is_timed_hmac_valid_v0.x("topsecret", 1)',
  'is_timed_hmac_valid_v1 (\n "a", concat("topsecret"), b)',
  'is_timed_hmac_valid_v1("x)\\"topsecret", 1)',
  'is_timed_hmac_valid_v1(r##"a"#topsecret"##, 1)',
  'is_timed_hmac_valid_v1(r#"a"topsecret"#, 1)',
  'is_timed_hmac_valid_v0 (r"topsecret", 1)',
  "is_timed_hmac_valid_v0('my topsecret', 1)",
  'is_timed_hmac_valid_v0(my topsecret, 1)',
  'is_timed_hmac_valid_v0(lower(ssl), "topsecret")',
  'is_timed_hmac_valid_v1("topsecret',
  'is_timed_hmac_valid_v0, "topsecret"',
  'hmac "topsecret"',
  'hmac["topsecret"]',
  'http.host eq "(" and hmac("topsecret") and ssl',
  'http.host eq "hmac" and hmac(lower("a"), "topsecret") and http.host eq "b"',
])('%s', (source) => {
  const shown = shownSource(source);
  expect(shown).not.toContain('topsecret');
  expect(shown).toHaveLength(source.length);
});

test.each([
  'any(split(http.host, "a")[*] in {"b" "c"}) and (http.host eq "d" or not lower(http.host) == "e")',
  'http.host eq "hmac(" and not (ssl) and ip.src in $office or http.request.headers["x-a"][0] eq "b"',
  'http.request.uri.path strict wildcard r"/a*" xor (http.host in {"a"})',
  'lookup_json_string(http.host, "a", 0, "b") eq "c" or ends_with(lower(http.host), "d")',
])('nothing of %s is masked', (source) => {
  expect(shownSource(source)).toBe(source);
});

test('what follows a call is shown', () => {
  expect(shownSource('is_timed_hmac_valid_v0("k", http.host, 1, 2, 0, "s") and http.host eq "a"')).toBe(
    'is_timed_hmac_valid_v0("*", http.host, 1, 2, 0, "s") and http.host eq "a"',
  );
  expect(shownSource('hmac("k", (1)) and http.host eq "a"')).toBe('hmac(********) and http.host eq "a"');
});
