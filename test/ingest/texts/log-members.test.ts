// Folders and archives of stealers' logs: members that hold no credentials are left out by name.

import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { LeftOutGroup } from '../../../ingest/input/left-out.ts';
import { credveil, credveilJson, type WorkPlace } from '../../support/credveil.ts';
import { placeTest as test } from '../../support/vitest/fixtures.ts';

const AUTOFILL = 'Name: email\nValue: ann@example.test\n\nName: city\nValue: Lisboa\n\n'.repeat(4);
const LOG: { readonly [name: string]: string } = {
  'Autofills/Google_[Chrome]_Default.txt': AUTOFILL,
  'Cookies/Google_[Chrome]_Default Network.txt': '.shop.example.test\tTRUE\t/\tFALSE\t1893456000\tsid\tabc123\n'.repeat(
    9,
  ),
  'History/Chrome.txt': 'https://a.example.test/ | Some title | 3\nhttps://b.example.test/ | Other title | 9\n',
  'CreditCards.txt': 'Holder: Ann\nCardType: Visa\nCard: 4111111111111111\nExpire: 1/2030\n',
  'DomainDetects.txt': 'PDD: [Games] (steampowered)\nCDD: \n',
  'InstalledSoftware.txt': '1) 7-Zip [19.00]\n2) Steam [2.1]\n',
  'Discord/Tokens.txt': `${'b64/Abc9'.repeat(4)}\n${'b64/Xyz7'.repeat(4)}\n`,
  'ProcessList.txt': 'ID: 4, Name: System, CommandLine: \nID: 80, Name: smss.exe, CommandLine: \n',
  'UserInformation.txt': 'Build ID: x\nIP: 198.51.100.7\nUserName: AnnPC\nCountry: PT\n',
  'Passwords.txt':
    'URL: https://shop.example.test/\nUsername: ann@example.test\nPassword: Sunrise42\n===============\n',
};

interface Taken {
  readonly credentials: number;
  readonly leftOut: readonly LeftOutGroup[];
}

function writeLogs(place: WorkPlace, more: { readonly [name: string]: string } = {}): string {
  for (const machine of ['[DE]1', '[PT]2'])
    for (const [name, text] of Object.entries({ ...LOG, ...more })) {
      fs.mkdirSync(path.dirname(place.at(`logs/${machine}/${name}`)), { recursive: true });
      place.write(`logs/${machine}/${name}`, text.replaceAll('\n', '\r\n'));
    }
  return place.at('logs');
}

async function take(place: WorkPlace, ...args: string[]): Promise<Taken> {
  await credveilJson(['init', place.at('leaks'), '--suite', 'hmac']);
  return (await credveilJson(['ingest', place.at('leaks'), ...args, '--source', 'it', '--no-publish'])) as Taken;
}

test('a folder of logs is read, and what is left out is named with what it is', async ({ place }) => {
  const { credentials, leftOut } = await take(place, writeLogs(place));
  expect(credentials).toBe(2);
  const names = leftOut.flatMap((group) => group.names);
  expect(names.sort()).toEqual(
    ['[DE]1', '[PT]2']
      .flatMap((machine) =>
        Object.keys(LOG)
          .filter((name) => name !== 'Passwords.txt')
          .map((name) => `${machine}/${name}`),
      )
      .sort(),
  );
  for (const { why } of leftOut) expect(why).toMatch(/^no credentials: .*, by name and content$/);
});

test('a member that names passwords, or lists them behind addresses, is read in spite of its name', async ({
  place,
}) => {
  const combo = Array.from({ length: 9 }, (_, i) => `user${i}@example.test:Sunrise${i}\n`).join('');
  const { credentials } = await take(
    place,
    writeLogs(place, { 'Cookies/more.txt': combo, 'System.txt': LOG['Passwords.txt'] ?? '' }),
  );
  expect(credentials).toBe(2 + 2 * 9 + 2);
});

test('any other member that is not recognised refuses the folder', async ({ place }) => {
  await credveilJson(['init', place.at('leaks'), '--suite', 'hmac']);
  const logs = writeLogs(place, { 'Notes.txt': AUTOFILL });
  const { code, stderr } = await credveil(['ingest', place.at('leaks'), logs, '--source', 'it', '--no-publish']);
  expect(code).not.toBe(0);
  expect(stderr).toContain('[DE]1/Notes.txt');
});
