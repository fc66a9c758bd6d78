// What reads text of clients looks at each character a few times, however long the text is: none
// takes quadratic time, so that one request keeps nobody else waiting.

import { describe, expect, test } from 'vitest';
import { hasOtherNames, readArguments } from '../../../gateway/fields/read-names.ts';
import { requestCookiesOf } from '../../../gateway/fields/request-fields.ts';
import { isLiveCookie } from '../../../gateway/fields/set-cookies.ts';
import { hidesNames, readContentType } from '../../../gateway/login/body/content-type.ts';
import { readCookies, readForm } from '../../../gateway/login/body/form.ts';
import { readJson } from '../../../gateway/login/body/json.ts';
import { readMultipart } from '../../../gateway/login/body/multipart.ts';
import { MultipartScan } from '../../../gateway/login/body/scan-multipart.ts';
import { readXmlRpc } from '../../../gateway/login/body/xml-rpc.ts';
import { readBasic } from '../../../gateway/login/head/basic.ts';
import { readOtherSchemes } from '../../../gateway/login/head/other-schemes.ts';
import { plainPath } from '../../../gateway/login/router-readings.ts';
import { sentCookies, sentInTarget, spellingsOf } from '../../../gateway/login/sent-sessions.ts';
import { createDecoy } from '../../../gateway/quarantine/decoy.ts';
import { createSessionNames } from '../../../gateway/quarantine/session-names.ts';
import { clientAddress } from '../../../gateway/request/client-address.ts';
import { isOwnSetCookie, takeOwnCookies } from '../../../gateway/request/own-cookies.ts';
import { canonicalPath, readingsOf } from '../../../gateway/request/path.ts';
import { readTarget } from '../../../gateway/request/target.ts';
import { soon } from '../../support/gateway/soon.ts';

/** Ten times as long as a header may be. */
const LENGTH = 300_000;
const UNITS = [
  ...['a', ' ', '=', ';', '; a=', '?', '/', '(', 'a(x)', '/(a(x)', '%41', '%', '+', '.', '"', '\\"', '\\', "'", '<'],
  ...['>', '>a', '<a', '&', '\r\n', '\r\n\r\n', 'name=', 'name=" ', '[', ']', ':', '{"a":', 'cv-', '.php/', 'sid'],
];

const names = createSessionNames(['PHPSESSID', 'sid_*', '*session*id']);
const decoy = (given: { target?: string; headers?: string[]; body?: string }) =>
  createDecoy({ target: '/', headers: [], body: '', ...given }, ['secret']);
const exchange = (headers: string[], target = '/') => ({ head: { headers, target, reserved: [] } }) as never;
const PEER = { family: 4, word: 1 } as const;

const READERS: { readonly [name: string]: (text: string) => unknown } = {
  'names of sessions in a target': (text) => names.isIn(`/${text}`),
  'names of sessions in a piece of a cookie': (text) => names.isInCookie(`${text}=x`),
  'names of sessions in all of a cookie': (text) => text.split(';').some(names.isInCookie),
  'cookies of the gateway': (text) => takeOwnCookies(`cv-a${text}`),
  'cookies that an application sets': (text) => [isOwnSetCookie(`cv-${text}`), isLiveCookie(`a=b;${text}`)],
  'cookies of rules': (text) => requestCookiesOf({ exchange: exchange(['cookie', text]), path: '/' }),
  'cookies of logins': (text) => [readCookies(text), sentCookies(exchange(['cookie', text])).map(spellingsOf)],
  'sessions in a target': (text) => sentInTarget(exchange([], `/${text}?${text}`)),
  arguments: (text) => [hasOtherNames({ headers: [], reserved: [], query: text } as never), readArguments(text)],
  'readings of a path': (text) => [readingsOf(`/${text}`, { origin: 'windows' }), canonicalPath(text), plainPath(text)],
  target: (text) => {
    try {
      return readTarget(`http://${text}`, 'GET', LENGTH);
    } catch {
      return undefined;
    }
  },
  'hops of proxies': (text) => clientAddress(PEER, [text], [{ first: PEER, last: PEER }]),
  'a content type': (text) => [readContentType(`a/b${text}`), hidesNames(`a/b;${text}`)],
  Basic: (text) => readBasic(`Basic ${text}`),
  'another scheme': (text) => readOtherSchemes(`Foo basic ${text}`),
  'a form': (text) => [
    readForm(text),
    decoy({ body: text, target: `/?${text}`, headers: ['Authorization', `Basic ${text}`, 'Cookie', text] }),
  ],
  JSON: (text) => [readJson(`{"${text}`), decoy({ headers: ['Content-Type', 'application/json'], body: text })],
  XML: (text) => [readXmlRpc(`<methodCall>${text}`), decoy({ headers: ['Content-Type', 'text/xml'], body: text })],
  'a multipart form': (text) => {
    new MultipartScan(
      () => undefined,
      () => undefined,
    ).push(`Content-Disposition: ${text}`);
    return [
      readMultipart(`multipart/form-data; ${text}`, text),
      decoy({ headers: ['Content-Type', 'multipart/form-data; boundary=x'], body: text }),
    ];
  },
};

describe('reads in linear time:', () => {
  test.each(Object.entries(READERS))('%s', (_, read) => {
    for (const unit of UNITS)
      expect(() => soon(() => read(`${unit.repeat(LENGTH / unit.length)}(`)), unit).not.toThrow();
  });
});
