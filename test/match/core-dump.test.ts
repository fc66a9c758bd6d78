// The core dump of a match that crashes: it has none of the memory, where passwords are.

import fs from 'node:fs';
import bcrypt from 'bcrypt';
import { expect } from 'vitest';
import { bin, startCredveil } from '../support/credveil.ts';
import { processMemory } from '../support/machine/process-memory.ts';
import { COLUMNS, createWorld } from '../support/match/world.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const slow = (password: string): string => bcrypt.hashSync(password, 10);
const MARKS = ['markedpassword77', 'marked.person'];

/** Where the kernel writes a dump into the current folder; elsewhere a program takes it. */
const isLocal = (): boolean => !/[/|]/.test(fs.readFileSync('/proc/sys/kernel/core_pattern', 'utf8'));

test.skipIf(process.platform !== 'linux')('has no memory', async ({ place }) => {
  const { users, corpora } = createWorld(place, { accounts: 40, hash: slow });
  fs.appendFileSync(users, `id77,marked.person,,${slow('another')}\n`);
  fs.appendFileSync(`${corpora}/new-2024-03.txt`, 'marked.person:markedpassword77\n');
  const args = ['match', users, '--columns', COLUMNS, '--against', corpora, '--state', place.at('state')];
  const shell = ['-c', 'ulimit -c "$(ulimit -H -c)"; exec "$0" "$@"', process.execPath];
  const { child, ended } = startCredveil(args, {
    cwd: place.home,
    program: { node: '/bin/sh', bin },
    node: shell,
  });
  while (!fs.existsSync(place.at('state/journal'))) await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill('SIGSTOP');
  const pid = child.pid as number;
  const memory = Buffer.concat(processMemory(pid).flat());
  for (const mark of MARKS) expect(memory.includes(mark), mark).toBe(true);
  expect(Number.parseInt(fs.readFileSync(`/proc/${pid}/coredump_filter`, 'utf8'), 16)).toBe(0);
  child.kill('SIGABRT');
  child.kill('SIGCONT');
  await ended;
  expect(child.signalCode).toBe('SIGABRT');
  const dumps = fs.readdirSync(place.home).filter((name) => name.startsWith('core'));
  const names = dumps.filter((name) => name !== 'corpora');
  if (isLocal()) expect(names).toHaveLength(1);
  for (const name of names) {
    const dump = fs.readFileSync(place.at(name));
    for (const mark of MARKS) expect(dump.includes(mark), mark).toBe(false);
    expect(dump.length).toBeLessThan(1e6);
  }
});
