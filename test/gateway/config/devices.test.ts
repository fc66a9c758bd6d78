// What a configuration must have for policies of devices and places.

import { expect, test } from 'vitest';
import { parseConfig } from '../../../gateway/config/load.ts';

const TLS = 'certFile: a, keyFile: b';
const text = (selector: string, more = '', tls = `tls: { ${TLS}, clientCertificates: { caFile: c } }, `): string =>
  `listen: 127.0.0.1:0
lists: { laptops: { kind: serial, items: [a] }, office: { items: [192.0.2.1] } }
apps:
  a.example: { to: "http://127.0.0.1:1", ${tls}access: { policies: [{ name: a, action: bypass, include: [${selector}] }] } }
${more}`;
const faultsOf = (source: string): string[] =>
  parseConfig(source).faults.map(
    ({ key, message }) => `${key.replace(/^apps.a.example.access.policies.0.include/, '')} ${message}`,
  );

const HASH = 'AB'.repeat(32);

test.each([
  '{ device: $laptops }',
  '{ device: [$laptops] }',
  '{ certificate: true }',
  `{ certificate: { issuer: ${HASH}, serial: ["00Ab"], commonName: x, email: A@b.example, dns: x.example } }`,
  `{ certificate: { issuer: ["${HASH}"] } }`,
])('%s can be judged', (selector) => {
  expect(faultsOf(text(selector))).toEqual([]);
});

test.each([
  ['{ device: laptops }', 'must be a list, such as $laptops'],
  ['{ device: $office }', 'names a list that has no devices'],
  ['{ device: $laptop }', 'names no list of the configuration'],
  ['{ certificate: {} }', 'must be true, or an object'],
  ['{ certificate: false }', 'must be true, or an object'],
  ['{ certificate: { serial: "0a" } }', 'together with its issuer alone'],
  [`{ certificate: { issuer: ${HASH}, serial: 12 } }`, 'in hexadecimal, in quotes'],
  ['{ certificate: { issuer: 12ab } }', 'SHA-256 of a public key'],
  ['{ country: Austria }', 'country of two letters'],
  ['{ country: AT }', 'cannot be judged without geo.countryFile'],
  ['{ asn: 0 }', 'number of an autonomous system'],
  ['{ asn: 64496 }', 'cannot be judged without geo.asnFile'],
])('%s: %s', (selector, message) => {
  expect(faultsOf(text(selector)).join('\n')).toContain(message);
});

test('a header of certificates has CAs, proxies that may tell it, and no application that keeps it', () => {
  const header = (more: string, top = 'trustedProxies: [192.0.2.1]') =>
    faultsOf(text('{ device: $laptops }', `${top}\ndevices: { clientCert: header${more} }`, '')).join();
  expect(header(', caFile: c')).toBe('');
  expect(
    header(', caFile: c', 'trustedProxies: [192.0.2.1]\nforwardAuth: { listen: "127.0.0.1:0", proxy: envoy }'),
  ).toBe('');
  expect(header('')).toContain('needs caFile');
  expect(header(', caFile: c', '')).toContain('needs trustedProxies');
  expect(faultsOf(text('{ certificate: true }', 'devices: { caFile: c }')).join()).toContain(
    'needs clientCert: header',
  );
  const kept = text(
    '{ device: $laptops }',
    'trustedProxies: [192.0.2.1]\ndevices: { clientCert: header, caFile: c }',
    'keep: [client-cert], ',
  );
  expect(faultsOf(kept).join()).toContain('has Client-Cert');
});

test('a device that nobody could see is a mistake at the start', () => {
  for (const selector of ['{ device: $laptops }', '{ certificate: true }']) {
    expect(faultsOf(text(selector, '', '')).join()).toContain('nothing asks clients for a certificate');
    expect(faultsOf(text(selector, '', `tls: { ${TLS} }, `)).join()).toContain('nothing asks');
    expect(faultsOf(text(selector, `tls: { ${TLS} }`, '')).join()).toContain('nothing asks');
    expect(faultsOf(text(selector, `tls: { ${TLS}, clientCertificates: { caFile: c } }`, ''))).toEqual([]);
    const asked = text(selector, 'forwardAuth: { listen: "127.0.0.1:0", proxy: nginx }');
    expect(faultsOf(asked).join()).toContain('shows no certificate');
  }
});
