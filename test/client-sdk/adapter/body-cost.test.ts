// What the longest body costs a login: anyone can send it, before any password is compared.

import { expect, test } from 'vitest';
import { parseBody } from '../../../client-sdk/adapter/fetch-body.ts';
import { readBody } from '../../../client-sdk/adapter/fetch-request.ts';

const FIELDS = { usernames: [['username'], ['email']], password: ['password'] };
const LONGEST = 65_536;
/** As many different names as fit. */
const NAMES = Array.from({ length: 20_000 }, (_, i) => `${i.toString(36)}&`)
  .join('')
  .slice(0, LONGEST);
const PART = '--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n';
const FORM = 'application/x-www-form-urlencoded';

test.each([
  ['a form of many names', FORM, NAMES],
  ['a form of many names behind BOMs', FORM, `\ufeff\ufeff${NAMES} `.slice(-LONGEST)],
  ['many labels', `${FORM}${'; charset=utf-16le; charset=latin1'.repeat(200)}`, NAMES],
])('%s takes little processor time', async (_what, type, text) => {
  expect(await cpuMsOf(type, text)).toBeLessThan(2_500);
});

test.each([
  ['many pairs of one name', FORM, 'password=a&'.repeat(LONGEST / 11)],
  ['many parts', 'multipart/form-data; boundary=X', `${PART.repeat(LONGEST / PART.length - 1)}--X--`],
  ['a deep list', 'application/json', '['.repeat(LONGEST)],
  ['pairs that end in a blank', 'text/plain', `${'a=b&'.repeat(LONGEST / 4 - 1)} `],
])('%s take little processor time', async (_what, type, text) => {
  expect(await cpuMsOf(type, text)).toBeLessThan(2_500);
});

async function cpuMsOf(type: string, text: string): Promise<number> {
  const before = process.cpuUsage();
  readBody(await parseBody(new Response(text, { headers: { 'content-type': type } })), 'http://app.test/', FIELDS);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
