// `credveil gateway explain` and `replay` of what a gateway of two workers decided, after a
// restart.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { credveil } from '../../support/credveil.ts';
import { startGatewayCommand } from '../../support/gateway/command.ts';
import { exchange, startOrigin } from '../../support/gateway/gateway.ts';

const configOf = (url: string, word: string): string => `listen: 127.0.0.1:0
workers: 2
lists: { office: { items: [127.0.0.1/32] } }
apps:
  app.example:
    to: ${url}
    rules:
      - { name: inside, when: 'http.request.uri.path eq "/in" and ip.src in $office', do: log }
      - { name: bots, when: 'http.user_agent contains "${word}"', do: block }
`;

const get = (port: number, target: string, agent: string) =>
  exchange(port, `GET ${target} HTTP/1.1\r\nHost: app.example\r\nUser-Agent: ${agent}\r\n\r\n`);

describe('credveil gateway explain and replay', () => {
  test('what policies refused leads to the command that judges them', async () => {
    const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-test-'));
    onTestFinished(() => fs.rmSync(home, { recursive: true, force: true }));
    const { url } = await startOrigin((_, response) => response.end('ok'));
    const file = path.join(home, 'gateway.yaml');
    const elsewhere = '{ name: office, action: bypass, include: [{ address: 192.0.2.1 }] }';
    const app = `{ to: "${url}", access: { policies: [${elsewhere}] } }`;
    fs.writeFileSync(file, `listen: "127.0.0.1:0"\nworkers: 0\napps: { app.example: ${app} }\n`);
    const { ports, stop } = await startGatewayCommand(file);
    const { body } = await get(ports[0] as number, '/it$s', 'nobody');
    await stop();
    const { instance, code } = JSON.parse(body) as { instance: string; code: string };
    const { stdout } = await credveil(['gateway', 'explain', instance, '--config', file]);
    expect([code, stdout]).toEqual(['ACCESS_DENIED', expect.stringContaining('refused with 403: ACCESS_DENIED')]);
    const [, line = ''] = /^ {2}credveil (gateway access test .*)$/m.exec(stdout) ?? [];
    expect(line).toBe(`gateway access test --app app.example --path '/it$s' --config ${file}`);
    const judged = await credveil(line.replaceAll("'", '').split(' '));
    expect(judged.stdout).toContain('include address: 192.0.2.1  unknown');
  });

  test('show what was decided before a restart, and what a changed file would decide', async () => {
    const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-test-'));
    onTestFinished(() => fs.rmSync(home, { recursive: true, force: true }));
    const { url } = await startOrigin((_, response) => response.end('ok'));
    const file = path.join(home, 'gateway.yaml');
    const changed = path.join(home, 'new.yaml');
    fs.writeFileSync(file, configOf(url, 'bot'));
    fs.writeFileSync(changed, configOf(url, 'tool'));
    let body = '';
    for (const round of [1, 2]) {
      const { ports, stop } = await startGatewayCommand(file);
      const port = ports[0] as number;
      ({ body } = await get(port, '/%69n', 'a bot'));
      await get(port, '/in', `tool ${round}`);
      await get(port, '/other', 'nobody');
      await stop();
    }
    const state = path.join(home, 'gateway.state');
    const files = fs.readdirSync(path.join(state, 'record')).map((name) => path.join(state, 'record', name));
    expect(files.map((each) => fs.statSync(each).mode & 0o777)).toEqual(files.map(() => 0o600));

    const { instance } = JSON.parse(body) as { instance: string };
    const explained = await credveil(['gateway', 'explain', instance, '--config', file]);
    expect(explained.stdout).toContain('end                               blocked by bots with 403\n');
    expect(explained.stdout).toContain('rule   inside (log): true, path read as /in, applied\n');
    expect(explained.stdout).toContain('http.user_agent contains "bot"  true\n');
    expect(explained.stdout).not.toContain('127.0.0.1');

    const replay = async (config: string) => {
      const args = ['gateway', 'replay', '--config', config, '--state', state, '--last', '1h', '--json'];
      return JSON.parse((await credveil(args)).stdout);
    };
    expect((await replay(file)).changes).toMatchObject({ same: 4 });
    const { changes, examples } = await replay(changed);
    expect(changes).toEqual({ same: 0, blocked: 2, passed: 2, otherwise: 0, rules: 0, untold: 0 });
    expect(examples[0]).toMatchObject({ change: 'blocked', path: '/in', becomes: 'blocked by bots with 403 (inside)' });
  });

  test.each([
    [['explain', 'none'], 'has no record of decisions'],
    [['replay', '--last', 'yesterday'], '--last is no time'],
    [['replay', '--examples', 'all'], '--examples is no count'],
  ])('name what is wrong: %j', async (args, message) => {
    const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-test-'));
    onTestFinished(() => fs.rmSync(home, { recursive: true, force: true }));
    const file = path.join(home, 'gateway.yaml');
    fs.writeFileSync(file, configOf('http://127.0.0.1:1', 'x'));
    const { code, stderr } = await credveil(['gateway', ...args, '--config', file]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
