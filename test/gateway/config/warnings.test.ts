// What a configuration may have, and hardly means: told at the start, at a reload and by --check.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { warningsOf } from '../../../gateway/warnings.ts';
import { credveil } from '../../support/credveil.ts';
import { configOf } from '../../support/gateway/gateway.ts';
import { tlsKey } from '../../support/gateway/tls.ts';

const PLAIN = 'listen: 127.0.0.1:0\napps:\n  localhost: { to: "http://127.0.0.1:1" }\n';
const warned = (text: string) =>
  warningsOf(configOf(text)).map((warning) => ('code' in warning ? warning.code : warning.event));

test('a configuration that means what it says has none', () => {
  expect(warned(PLAIN)).toEqual([]);
  expect(warned(`${PLAIN}tls: ${tlsKey('first')}\n`)).toEqual([]);
});

test('a certificate that does not name a host', () => {
  const text = `${PLAIN}  b.example: { to: "http://127.0.0.1:1" }\n  "*.b.example": { to: "http://127.0.0.1:1" }\n  "127.0.0.2": { to: "http://127.0.0.1:1" }\n  "[::2]": { to: "http://127.0.0.1:1" }\n  "*": { to: "http://127.0.0.1:1" }\ntls: ${tlsKey('first')}\n`;
  expect(warningsOf(configOf(text)).map((warning) => 'message' in warning && warning.message)).toEqual([
    expect.stringMatching(/first\.pem does not name b\.example$/),
    expect.stringMatching(/first\.pem does not name \*\.b\.example$/),
    expect.stringMatching(/first\.pem does not name 127\.0\.0\.2$/),
    expect.stringMatching(/first\.pem does not name \[::2\]$/),
  ]);
});

test('the host of the own pages, with another name or port than browsers find', () => {
  const at = (listen: string, auth: string, more = '') =>
    warned(`${PLAIN.replace('127.0.0.1:0', listen)}auth: ${auth}\ntls: ${tlsKey('first')}\n${more}`);
  expect(at('":443"', 'auth.example')).toEqual(expect.arrayContaining(['TLS_NAME_MISSING']));
  const ports = (...args: Parameters<typeof at>) => at(...args).filter((code) => code === 'AUTH_PORT');
  expect(ports('":443"', 'auth.example')).toEqual([]);
  expect(ports('":8443"', 'auth.example:8443')).toEqual([]);
  expect(ports('":8443"', 'auth.example')).toEqual(['AUTH_PORT']);
  expect(ports('[":8443", { address: ":443", protocol: redirect }]', 'auth.example')).toEqual(['AUTH_PORT']);
  expect(ports('":8443"', 'auth.example:9443')).toEqual(['AUTH_PORT']);
  // Whatever stands before it passes its own port on.
  expect(ports('":8443"', 'auth.example', 'trustedProxies: [127.0.0.1]\n')).toEqual([]);
});

test('a provider that does not answer is named by --check, and what to do', async () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-test-'));
  onTestFinished(() => fs.rmSync(home, { recursive: true, force: true }));
  const file = path.join(home, 'gateway.yaml');
  const identity = '{ staff: { oidc: "http://127.0.0.1:1", clientId: gateway } }';
  fs.writeFileSync(file, `${PLAIN}auth: auth.example\ntrustedProxies: [127.0.0.1]\nidentity: ${identity}\n`);
  const { code, stderr } = await credveil(['gateway', '--config', file, '--check']);
  expect(code).toBe(0);
  expect(stderr).toContain('people cannot sign in with staff now (ECONNREFUSED)\n  Nothing answers');
});

test('paths of policies where the application takes its page from the query', () => {
  const app = (login: string, paths: string) =>
    `listen: 127.0.0.1:0\napps:\n  a.example: { to: "http://127.0.0.1:1", ${login}access: { policies: [{ name: a, action: bypass, include: [{ everyone: true }], paths: ${paths} }] } }\n`;
  const codes = (login: string, paths: string) => warned(app(login, paths)).filter((code) => /^ACCESS/.test(code));
  expect(codes('login: joomla, ', '[/, /public]')).toEqual(['ACCESS_PATH_PARTIAL']);
  expect(codes('login: joomla, ', '/')).toEqual([]);
  expect(codes('login: grafana, ', '/public')).toEqual([]);
  expect(codes('', '/public')).toEqual([]);
});

test('rules of one name', () => {
  const rule = (name: string) => `{ name: ${name}, when: ssl, do: log }`;
  const app = (name: string, rules: string) => `  ${name}: { to: "http://127.0.0.1:1", rules: [${rules}] }\n`;
  const head = 'listen: 127.0.0.1:0\napps:\n';
  const two = `${rule('a')}, ${rule('a')}`;
  expect(warned(head + app('a.example', two))).toEqual(['RULE_NAME_REPEATED']);
  expect(warned(`${head}${app('a.example', rule('a'))}rules: [${rule('a')}]\n`)).toEqual(['RULE_NAME_REPEATED']);
  expect(warned(`${head}${app('a.example', '')}rules: [${two}]\n`)).toEqual(['RULE_NAME_REPEATED']);
  expect(warned(head + app('a.example', rule('a')) + app('b.example', rule('a')))).toEqual([]);
});

test('root for a low port', () => {
  const user = vi.spyOn(process, 'getuid');
  onTestFinished(() => user.mockRestore());
  const low = PLAIN.replace(':0', ':443');
  user.mockReturnValue(0);
  expect(warned(low)).toEqual(['RUNS_AS_ROOT']);
  expect(warned(PLAIN.replace(':0', ':1024'))).toEqual([]);
  user.mockReturnValue(1000);
  expect(warned(low)).toEqual([]);
});

test('a state directory that this user cannot write', () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-test-'));
  onTestFinished(() => fs.rmSync(home, { recursive: true, force: true }));
  expect(warned(`${PLAIN}stateDirectory: ${home}/not/there/yet\n`)).toEqual([]);
  // Whoever is root writes anywhere, but no folder is below a file.
  const file = path.join(home, 'file');
  fs.writeFileSync(file, '');
  expect(warned(`${PLAIN}stateDirectory: ${file}\n`)).toEqual(['STATE_DIRECTORY_UNWRITABLE']);
  expect(warned(`${PLAIN}stateDirectory: ${file}/below\n`)).toEqual(['STATE_DIRECTORY_UNWRITABLE']);
});

test('a state directory that others may write', async () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-test-'));
  onTestFinished(() => fs.rmSync(home, { recursive: true, force: true }));
  const text = `${PLAIN}stateDirectory: ${home}\n`;
  expect(warned(text)).toEqual([]);
  fs.chmodSync(home, 0o775);
  expect(warned(text)).toEqual(['STATE_DIRECTORY_SHARED']);
  const file = path.join(home, 'gateway.yaml');
  fs.writeFileSync(file, text);
  const { code, stdout, stderr } = await credveil(['gateway', '--config', file, '--check']);
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${file}: 1 application, no mistakes\n` });
  expect(stderr).toMatch(/^warning: other users may write .*\n {2}Make it a folder/);
  const { stdout: json } = await credveil(['gateway', '--config', file, '--check', '--json']);
  expect(JSON.parse(json)).toMatchObject({ ok: true, warnings: [{ code: 'STATE_DIRECTORY_SHARED' }] });
});
