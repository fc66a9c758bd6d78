// The backup and the restore of docs/operations.md, by its own commands.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { gatewayKeyFile, openGatewayKey } from '../../../gateway/state/gateway-key.ts';
import { openSqliteState, type SqliteState } from '../../../gateway/state/sqlite-state.ts';
import type { ServerEvent } from '../../../runtime/events.ts';
import { appCode, enrolTotp, factorsOver } from '../../support/gateway/factors/book.ts';
import { stateFolder } from '../../support/gateway/state/states.ts';
import { root } from '../../support/paths.ts';

const ANN = 'ann@example.com';
const page = fs.readFileSync(path.join(root, 'docs/operations.md'), 'utf8');
const [, commands = ''] = /### Backup of the gateway[\s\S]*?```sh\n([\s\S]*?)```/.exec(page) ?? [];

test('what was backed up is there after a restore, and the key is its own', async () => {
  expect(commands).toContain('/var/lib/credveil-gateway');
  const [kept, folder] = [stateFolder(), stateFolder()];
  const events: ServerEvent[] = [];
  const run = async <Value>(work: (state: SqliteState) => Promise<Value>): Promise<Value> => {
    const file = path.join(folder, 'state.sqlite');
    const state = openSqliteState({ file, onEvent: (event) => void events.push(event) });
    try {
      return await work(state);
    } finally {
      state.close();
    }
  };
  const key = openGatewayKey(folder);
  const { secret, factor } = await run((state) => enrolTotp(factorsOver(state, {}, Date.now()), ANN));
  for (const below of ['revoked-certificates', 'service-tokens']) {
    fs.mkdirSync(path.join(folder, below), { mode: 0o700 });
    fs.writeFileSync(path.join(folder, below, 'one'), below, { mode: 0o600 });
  }
  const shell = (command: string) => execFileSync('/bin/sh', ['-ec', command], { cwd: kept });
  shell(commands.replaceAll('/var/lib/credveil-gateway', folder));
  expect(fs.readdirSync(kept).sort()).toEqual(['gateway-state.tgz', 'gateway.key.backup']);
  for (const file of fs.readdirSync(kept)) expect(fs.statSync(path.join(kept, file)).mode & 0o777).toBe(0o600);
  // One says nothing without the other.
  expect(String(execFileSync('tar', ['-tzf', 'gateway-state.tgz'], { cwd: kept }))).not.toContain('gateway.key');

  // Since then: the factor is gone, and so is the disk.
  await run((state) => factorsOver(state).admin.remove(ANN));
  for (const file of fs.readdirSync(folder)) fs.rmSync(path.join(folder, file), { recursive: true });
  shell(`tar -xpzf gateway-state.tgz -C ${folder}; cp -p gateway.key.backup ${gatewayKeyFile(folder)}`);

  expect(openGatewayKey(folder)).toEqual(key);
  await run(async (state) => {
    const { book, admin, now, pass } = factorsOver(state, {}, Date.now());
    expect(admin.find(ANN)?.factors).toMatchObject([{ id: factor.id }]);
    pass(120_000);
    expect(await book.tryTotp(ANN, appCode(secret, now()), 'session')).toHaveProperty('given');
  });
  expect(events.map(({ event }) => event)).toEqual(['state-restored']);
  for (const below of ['revoked-certificates', 'service-tokens']) {
    const file = path.join(folder, below, 'one');
    expect([fs.readFileSync(file, 'utf8'), fs.statSync(file).mode & 0o777]).toEqual([below, 0o600]);
    expect(fs.statSync(path.join(folder, below)).mode & 0o777).toBe(0o700);
  }
});
