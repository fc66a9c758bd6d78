// The command `gateway` in front of an application of the system whose logins it holds back, and an
// owner who confirms one with a mailed code.

import { expect, onTestFinished } from 'vitest';
import { credveil, type WorkPlace } from '../../credveil.ts';
import type { Pair } from '../../dataset.ts';
import { startGatewayCommand } from '../command.ts';
import { startMailServer } from '../identity/mail-server.ts';
import { type Answer, cookiesOf, formOf, type Request, valuesOf, visit, withCookie } from '../visit.ts';

/** As a browser that navigates says it. */
export const PAGE = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Site': 'same-origin' };
export const statusOf = ({ status }: Answer): number => Number(status.split(' ')[1]);

export interface HeldApplication {
  readonly place: WorkPlace;
  /** Its address. */
  readonly to: string;
  /** As clients name it: 127.0.0.1 and a port. */
  readonly host: string;
  readonly preset: string;
  /** The key `leaks` of a configuration, in a line. */
  readonly leaks: string;
  /** Whose logins are held back. */
  readonly user: string;
  /** For `gateway quarantine test`: its login, and a page that shows who has signed in. */
  readonly account: Pair & {
    readonly login: string;
    readonly fields: object;
    readonly page: string;
    readonly signedIn: string;
  };
}

export interface Holding {
  /** To the application. */
  send(request: Request): Promise<Answer>;
  /**
   * With the code that is mailed to the owner, in the same browser.
   * @param jar of the browser
   * @returns the answer that leads back to the application
   */
  confirm(held: Answer, jar: string): Promise<Answer>;
}

const OWNER = 'owner@example.org';

/** Its own pages have a host of their own. Tests before that logins can be held. */
export async function startHolding(application: HeldApplication): Promise<Holding> {
  const { place, to, host, preset, leaks, user, account } = application;
  const mail = await startMailServer();
  const imported = place.write('users.csv', `email,app,user\n${OWNER},127.0.0.1,${user}\n`);
  const file = place.write(
    'holding.yaml',
    `listen: 127.0.0.1:0
workers: 2
auth: auth.example${host.slice(host.indexOf(':'))}
identity: { guests: { pin: { smtp: "${mail.url}", from: a@example.com, to: ["@example.com"] } } }
mail: { smtp: "${mail.url}", from: a@example.com }
${leaks}apps:
  127.0.0.1: { to: "${to}", login: { presets: [${preset}], onUnknown: deny, onLeaked: { pair: [hold] }, hold: {} } }
`,
  );
  const { login, fields, page, signedIn } = account;
  const tested = await credveil(
    ['gateway', 'quarantine', 'test', '127.0.0.1', '--config', file],
    JSON.stringify({ login, fields, page, signedIn, host }),
  );
  expect([tested.code, tested.stdout], tested.stderr).toEqual([
    0,
    expect.stringContaining('nothing of before is signed in'),
  ]);
  const gateway = await startGatewayCommand(file);
  onTestFinished(gateway.stop);
  const added = await credveil(['gateway', 'users', 'import', imported, '--config', file]);
  expect([added.code, added.stderr]).toEqual([0, '']);
  const [port = 0] = gateway.ports;
  const send = (request: Request, to = host): Promise<Answer> => visit(port, to, request);
  const own = (request: Request, cookie = ''): Promise<Answer> =>
    send(cookie === '' ? request : withCookie(request, cookie), 'auth.example');
  return {
    send,
    async confirm(held, jar) {
      const [location = ''] = valuesOf(held, 'location');
      const { pathname, search } = new URL(location);
      const way = cookiesOf(await own({ path: pathname + search, headers: PAGE }));
      const typed = (code: string): Request => {
        const form = formOf({ code });
        return { ...form, path: '/hold/code', headers: { ...form.headers, ...PAGE } };
      };
      await own({ ...typed(''), path: '/hold/mail' }, way);
      await expect.poll(() => mail.mails.some(({ text }) => /is \d{8}\./.test(text))).toBe(true);
      expect(mail.mails[0]?.to).toBe(OWNER);
      const code = mail.mails.flatMap(({ text }) => /is (\d{8})\./.exec(text)?.[1] ?? []).at(-1) ?? '';
      const done = await own(typed(code), way);
      const release = new URL((valuesOf(done, 'refresh')[0] ?? '').replace('0;url=', ''));
      return send(withCookie({ path: release.pathname + release.search }, jar));
    },
  };
}
