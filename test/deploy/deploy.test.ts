// What is deployed: the files of deploy/ name settings, folders and commands that there are.

import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../server/config/config.ts';
import { credveilJson } from '../support/credveil.ts';
import { root } from '../support/paths.ts';

const read = (name: string): string => fs.readFileSync(path.join(root, 'deploy', name), 'utf8');

/** Names and values of the settings in a text. */
const settingsIn = (text: string): { [name: string]: string } =>
  Object.fromEntries([...text.matchAll(/\b(CREDVEIL_[A-Z_]+)=(\S+)/g)].map(([, name, value]) => [name, value]));

test.each([
  'credveil.service',
  ...['oprf', 'tls', 'clients'].map((name) => `credveil.service.d/${name}.conf`),
  'Containerfile',
])('%s names settings that there are', (name) => {
  const { CREDVEIL_CONFIG: _, ...environment } = settingsIn(read(name));
  expect(Object.keys(environment).length).toBeGreaterThan(0);
  expect(() => loadConfig({ flags: {}, environment })).not.toThrow();
});

test('the container has every folder that the command imports, runs as nobody, and holds no key', () => {
  const text = read('Containerfile');
  const copied = [...text.matchAll(/^COPY (\w[\w-]*) \1$/gm)].map(([, folder]) => folder);
  const rooms = (folder: string): string[] =>
    fs
      .readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => {
        const from = path.join(root, folder, name);
        const imports = fs.readFileSync(from, 'utf8').matchAll(/from '(\.{1,2}\/[^']+)'/g);
        return [...imports].map(([, target = '']) =>
          path.relative(root, path.resolve(from, '..', target)).split(path.sep),
        );
      })
      .flatMap(([room, ...below]) => (room !== undefined && below.length > 0 ? [room] : []));
  const needed = rooms('cli');
  for (const folder of ['cli', ...needed]) expect(copied).toContain(folder);
  expect(text).toMatch(/^USER 10001:10001$/m);
  expect(fs.readFileSync(path.join(root, '.containerignore'), 'utf8')).toContain('**/*.key');
});

test('what both start is a command that there is', async () => {
  for (const name of ['credveil.service', 'Containerfile']) expect(read(name)).toMatch(/cli\/bin\.js/);
  expect(await credveilJson(['serve', '--print-config'])).toHaveProperty('listen');
});
