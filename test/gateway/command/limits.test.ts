// `credveil gateway limits` and `limits lift`, beside a gateway of two workers.

import { describe, expect, onTestFinished, test } from 'vitest';
import { createWorkPlace, credveil } from '../../support/credveil.ts';
import { startGatewayCommand } from '../../support/gateway/command.ts';
import { startOrigin } from '../../support/gateway/gateway.ts';
import { formOf, visit } from '../../support/gateway/visit.ts';

const APP = 'app.example';

async function world() {
  const { url } = await startOrigin(async (request, response) => {
    let body = '';
    for await (const piece of request) body += String(piece);
    const isRight = new URLSearchParams(body).get('password') === 'right';
    response.writeHead(isRight ? 302 : 403, isRight ? { Location: '/', 'Set-Cookie': 'sid=1' } : {}).end();
  });
  const place = createWorkPlace();
  onTestFinished(() => place.dispose());
  const file = place.write(
    'gateway.yaml',
    `listen: 127.0.0.1:0
workers: 2
apps:
  ${APP}:
    to: "${url}"
    login: generic
    loginLimits:
      - { name: by-user, by: [username], allow: 2, window: 1m, for: 1h }
      - { name: by-place, by: [address], allow: 5, window: 1m, for: 2d, actOn: everything }
`,
  );
  const { ports, stop } = await startGatewayCommand(file);
  onTestFinished(stop);
  const login = async (username: string, password: string): Promise<string> =>
    (await visit(ports[0] as number, APP, { ...formOf({ username, password }), path: '/login' })).status;
  const explain = async (username: string) => {
    const { body } = await visit(ports[0] as number, APP, { ...formOf({ username, password: 'x' }), path: '/login' });
    const { instance } = JSON.parse(body.toString()) as { instance: string };
    const args = ['gateway', 'explain', instance, '--config', file];
    // Written behind the answer.
    await expect.poll(async () => (await credveil(args)).code, { timeout: 60_000, interval: 500 }).toBe(0);
    return (await credveil(args)).stdout;
  };
  const limits = (args: readonly string[], input = '') =>
    credveil(['gateway', 'limits', ...args, '--config', file], input);
  return { login, limits, explain };
}

describe('credveil gateway limits', () => {
  test('shows bans and no name, and lifts one by its id or all of a user', async () => {
    const { login, limits } = await world();
    for (let i = 0; i < 3; i++) await login('Ann', 'wrong');
    expect(await login('ann', 'right')).toContain('429');

    const shown = await limits([]);
    expect(shown.stdout).toMatch(/ID +APPLICATION +LIMIT +OF +ENDS IN/);
    expect(shown.stdout).toMatch(/by-user +user \S{8}… +60 min/);
    expect(shown.stdout).not.toMatch(/ann/i);
    const lifted = await limits(['lift', '--user', APP], 'ann\n');
    expect(lifted).toMatchObject({ code: 0, stdout: 'lifted\n' });
    expect((await limits([])).stdout.trim()).toBe('no bans');
    expect(await login('ann', 'right')).toContain('302');

    for (let i = 0; i < 5; i++) await login(`user${i}`, 'wrong');
    expect(await login('ann', 'right')).toContain('429');
    const [ban, ...others] = JSON.parse((await limits(['--json'])).stdout) as { id: string; forMs: number }[];
    expect(others).toEqual([]);
    expect(ban).toMatchObject({ app: APP, limit: 'by-place', network: '127.0.0.1' });
    expect(ban?.forMs).toBeGreaterThan(47 * 3_600_000);
    expect((await limits(['lift', ban?.id ?? ''])).code).toBe(0);
    await expect.poll(() => login('ann', 'right')).toContain('302');
  });

  test('are led to by the number of a request', async () => {
    const { login, limits, explain } = await world();
    for (let i = 0; i < 2; i++) await login('ann', 'wrong');
    const shown = await explain('ann');
    expect(shown).toMatch(/^end +refused with 429: USER_LIMITED by the limit by-user$/m);
    expect(shown).toMatch(/^login +form: not forwarded, u_[\w-]+$/m);
    const [, id = ''] = /^ {2}credveil gateway limits lift (\S+) --config /m.exec(shown) ?? [];
    expect(await limits(['lift', id])).toMatchObject({ code: 0 });
    expect(await login('ann', 'right')).toContain('302');

    for (let i = 0; i < 4; i++) await login(`user${i}`, 'wrong');
    const [, place = ''] = /limits lift (\S+) /.exec(await explain('bob')) ?? [];
    expect(await limits(['lift', place])).toMatchObject({ code: 0 });
  });

  test('names what is wrong', async () => {
    const { limits } = await world();
    for (const [args, input, message] of [
      [['lift'], '', /nothing to lift is named/],
      [['lift', 'a.unknown'], '', /there is no such ban/],
      [['lift', '--user', 'other.example'], 'nobody\n', /there is no such ban/],
    ] as const) {
      const { code, stderr } = await limits(args, input);
      expect(code).toBe(2);
      expect(stderr).toMatch(message);
      expect(stderr).not.toContain('nobody');
    }
  });
});
