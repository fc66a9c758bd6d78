// `credveil gateway rules test`: what the rules of a file make of a request in a file.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ExplainedRequest } from '../../../gateway/explain.ts';
import { credveil } from '../../support/credveil.ts';

const CONFIG = `listen: 127.0.0.1:0
lists: { office: { items: [192.0.2.0/24] } }
apps:
  blog.example.com:
    to: http://127.0.0.1:1
    rules:
      - name: logins
        when: http.request.uri.path contains "/login" and not ip.src in $office
        do: block
      - { name: tools, when: 'http.user_agent contains "curl"', do: log }
`;

function folder(): { readonly config: string; readonly request: (text: string) => string } {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-test-'));
  onTestFinished(() => fs.rmSync(home, { recursive: true, force: true }));
  const write = (name: string, text: string): string => {
    fs.writeFileSync(path.join(home, name), text);
    return path.join(home, name);
  };
  return { config: write('gateway.yaml', CONFIG), request: (text) => write('request.txt', text) };
}

const LOGIN = 'GET /x/..%2flogin HTTP/1.1\nHost: blog.example.com\nUser-Agent: curl\n';

describe('credveil gateway rules test', () => {
  test('shows each part of each rule, for the reading of the path that decides', async () => {
    const { config, request } = folder();
    const { code, stdout } = await credveil([
      'gateway',
      'rules',
      'test',
      '--config',
      config,
      '--request',
      request(LOGIN),
    ]);
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'app    blog.example.com',
      'paths  /x/..%2flogin  /x/../login  /login',
      'rule   logins (block): true, path read as /x/../login',
      '         http.request.uri.path contains "/login" and not ip.src in $office  true',
      '           http.request.uri.path contains "/login"  true',
      '           not ip.src in $office  true',
      '             ip.src in $office  false',
      'rule   tools (log): true, not reached',
      '         http.user_agent contains "curl"  true',
      'end    blocked by logins with 403',
      '',
    ]);
  });

  test('takes the address of the client, and prints JSON', async () => {
    const { config, request } = folder();
    const args = ['gateway', 'rules', 'test', '--config', config, '--request', request(LOGIN)];
    const { stdout } = await credveil([...args, '--from', '192.0.2.7', '--json']);
    const explained = JSON.parse(stdout) as ExplainedRequest;
    expect(explained.rules.map(({ outcome }) => outcome)).toEqual([false, true]);
    expect(explained.end).toEqual({ forwarded: '/x/..%2flogin' });
  });

  test.each([
    ['GET / HTTP/1.1\nHost: other.example\n', 'HOST_UNKNOWN'],
    ['GET /#a HTTP/1.1\nHost: blog.example.com\n', 'TARGET_MALFORMED'],
    ['GET / HTTP/1.1\nHost: blog.example.com\nNo colon', 'REQUEST_MALFORMED'],
  ])('says why %j is refused', async (text, code) => {
    const { config, request } = folder();
    const args = ['gateway', 'rules', 'test', '--config', config, '--request', request(text)];
    const { code: exit, stdout, stderr } = await credveil(args);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`end    refused: ${code}\n       [A-Z].*\\.\n`));
  });

  test.each([`\ufeffGET /x HTTP/1.1\r\nHost: blog.example.com\r\n`, '\n\nGET /x HTTP/1.1\nHost: blog.example.com'])(
    'reads what editors and people write: %j',
    async (text) => {
      const { config, request } = folder();
      const args = ['gateway', 'rules', 'test', '--config', config, '--request', request(text), '--json'];
      expect(JSON.parse((await credveil(args)).stdout)).toMatchObject({ end: { forwarded: '/x' } });
    },
  );

  test.each(['', '\r\n \r\n'])('says that %j is empty', async (text) => {
    const { config, request } = folder();
    const args = ['gateway', 'rules', 'test', '--config', config, '--request', request(text)];
    expect(await credveil(args)).toMatchObject({ code: 2, stderr: expect.stringContaining('request.txt is empty') });
  });

  test('needs a configuration, a request and an address', async () => {
    const { config } = folder();
    const none = await credveil(['gateway', 'rules', 'test', '--request', 'x']);
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('--config') });
    const missing = await credveil(['gateway', 'rules', 'test', '--config', config, '--request', '/nowhere']);
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('/nowhere does not exist') });
    const address = await credveil(['gateway', 'rules', 'test', '--config', config, '--request', 'x', '--from', 'me']);
    expect(address).toMatchObject({ code: 2, stderr: expect.stringContaining('--from is no address') });
  });
});
