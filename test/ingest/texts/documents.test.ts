// Documents of programs that are not read are named, with what to make of them; lines of 1Password
// are read.

import { expect, test } from 'vitest';
import { readCorpus, refusalOf } from '../../support/corpus-text.ts';

const PAIRS = Array.from({ length: 6 }, (_, i) => [`ann${i}@example.test`, `secret${i}`] as const);
const documentOf = (start: string, write: (user: string, password: string) => string, end: string): string =>
  `${start}\n${PAIRS.map(([user, password]) => write(user, password)).join('\n')}\n${end}\n`;
const XML = '<?xml version="1.0" encoding="utf-8"?>';

test.each<[string, RegExp, string]>([
  [
    'KeePass 2',
    /export of KeePass 2.*KeePass CSV/,
    documentOf(
      `${XML}\n<KeePassFile>`,
      (u, p) => `<Entry><Key>${u}</Key><Value>${p}</Value></Entry>`,
      '</KeePassFile>',
    ),
  ],
  [
    'KeePass 1',
    /export of KeePass 1.*CSV File/,
    documentOf(`\ufeff${XML}\n<pwlist>`, (u, p) => `<username>${u}</username><password>${p}</password>`, '</pwlist>'),
  ],
  [
    'FileZilla',
    /servers of FileZilla.*decoded Pass/,
    documentOf(`${XML}\n<FileZilla3 version="3.60">`, (u, p) => `<User>${u}</User><Pass>${p}</Pass>`, '</FileZilla3>'),
  ],
  [
    'Firefox',
    /Password Exporter for Firefox.*CSV/,
    documentOf(
      '<xml>\n<entries ext="Password Exporter" type="saved">',
      (u, p) => `<entry user="${u}" password="${p}"/>`,
      '</entries>\n</xml>',
    ),
  ],
  ['any XML', /text of XML or HTML.*CSV/, documentOf('<users>', (u, p) => `<user name="${u}">${p}</user>`, '</users>')],
  ['a page', /web page.*CSV/, documentOf('<!DOCTYPE html>', (u, p) => `<tr><td>${u}<td>${p}`, '</html>')],
])('%s', (_name, what, text) => {
  expect(refusalOf(() => readCorpus(text))).toMatch(/^INPUT_BINARY: it is an? /);
  expect(refusalOf(() => readCorpus(text))).toMatch(what);
});

test('1pif', () => {
  const fields = ([user, password]: readonly [string, string]): object => ({
    uuid: 'A1',
    typeName: 'webforms.WebForm',
    secureContents: {
      fields: [
        { value: user, name: 'log', type: 'T', designation: 'username' },
        { value: password, name: 'pwd', type: 'P', designation: 'password' },
      ],
    },
  });
  const text = PAIRS.map(
    (pair) => `${JSON.stringify(fields(pair))}\n***5642bee8-a5ff-11dc-8314-0800200c9a66***\n`,
  ).join('');
  expect(readCorpus(text).filter((found) => found !== '!comment')).toEqual(PAIRS.map((pair) => pair.join('|')));
});
