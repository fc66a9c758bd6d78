// The files of deploy/: every setting, command and path in them exists.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../server/config/config.ts';
import { credveilJson } from '../support/credveil.ts';
import { root } from '../support/paths.ts';

const read = (name: string): string => fs.readFileSync(path.join(root, 'deploy', name), 'utf8');
const { bin, files: packed } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  bin: { credveil: string };
  files: string[];
};

/** Names and values of the settings in a text. */
const settingsIn = (text: string): { [name: string]: string } =>
  Object.fromEntries([...text.matchAll(/\b(CREDVEIL_[A-Z_]+)=(\S+)/g)].map(([, name, value]) => [name, value]));

interface Compose {
  readonly services: { readonly [name: string]: Service };
  readonly volumes?: object;
  readonly secrets?: object;
}

interface Service {
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: { readonly [name: string]: string };
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
}

const readCompose = (name: string): Compose => parse(read(name)) as Compose;

test.each([
  'credveil.service',
  ...['oprf', 'tls', 'clients'].map((name) => `credveil.service.d/${name}.conf`),
  'Containerfile',
])('%s uses only known settings', (name) => {
  const { CREDVEIL_CONFIG: _, ...environment } = settingsIn(read(name));
  expect(Object.keys(environment).length).toBeGreaterThan(0);
  expect(() => loadConfig({ flags: {}, environment })).not.toThrow();
});

test('the systemd units start the commands of an installed package', async () => {
  expect(read('credveil.service')).toContain(
    `ExecStart=/usr/bin/node /opt/credveil/node_modules/credveil/${bin.credveil} serve --json\n`,
  );
  expect(read('credveil-gateway.service')).toContain(
    `ExecStart=/usr/bin/node /opt/credveil/node_modules/credveil/${bin.credveil} gateway --config /etc/credveil/gateway.yaml\n`,
  );
  expect(await credveilJson(['serve', '--print-config'])).toHaveProperty('listen');
});

describe('the container image', () => {
  const text = read('Containerfile');
  const copies = [...text.matchAll(/^(?:COPY|ADD) (.+)$/gm)].map(([, words = '']) => words.split(' '));

  test('the image is built only from the package and the lock file', () => {
    // test/deploy/package.test.ts checks the package's content, including the pages.
    const fromContext = copies.filter(([first = '']) => !first.startsWith('--from='));
    expect(fromContext).toEqual([['credveil-*.tgz', 'package-lock.json', '/tmp/']]);
    const allowed = fs.readFileSync(path.join(root, '.containerignore'), 'utf8').split('\n');
    expect(allowed.filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
      '*',
      '!credveil-*.tgz',
      '!package-lock.json',
    ]);
  });

  test('the image starts the command in the folder where its first stage unpacked the package', () => {
    const [, home] = /^WORKDIR (\S+)$/m.exec(text) ?? [];
    expect(copies).toContainEqual(['--from=packages', home, home]);
    expect(packed).toContain(bin.credveil);
    expect(text).toContain(`ENTRYPOINT ["node", "${home}/${bin.credveil}"]\n`);
  });

  test('the image runs as a non-root user', () => {
    expect(text).toMatch(/^USER 10001:10001$/m);
  });
});

describe('the Compose files', () => {
  const base = readCompose('compose.yaml');
  const oprf = readCompose('compose.oprf.yaml');
  const serve = base.services.serve as Service;
  const withKey = { ...serve.environment, ...oprf.services.serve?.environment };

  test('Compose builds the Containerfile', () => {
    const { context = '', dockerfile = '' } = serve.build ?? {};
    expect(path.resolve(root, 'deploy', context)).toBe(root);
    expect(path.resolve(root, 'deploy', context, dockerfile)).toBe(path.join(root, 'deploy/Containerfile'));
  });

  test('Compose uses only known settings', () => {
    for (const environment of [serve.environment ?? {}, withKey]) {
      expect(Object.keys(environment).length).toBeGreaterThan(0);
      expect(() => loadConfig({ flags: {}, environment })).not.toThrow();
    }
  });

  test('Compose mounts the dataset at the path of the image and publishes the port only on loopback', () => {
    const { CREDVEIL_DATASET: dataset, CREDVEIL_LISTEN: listen = '' } = settingsIn(read('Containerfile'));
    expect(serve.volumes).toEqual([`leaks:${dataset}:ro`]);
    expect(base.services.tools?.volumes).toContain(`leaks:${dataset}`);
    expect(base.volumes).toHaveProperty('leaks');
    const [, port] = listen.split(':');
    expect(serve.ports).toEqual([`127.0.0.1:${port}:${port}`]);
  });

  test('Compose keeps the clients and the quota book on a volume that the service can write', () => {
    const { serve: clients, tools } = readCompose('compose.clients.yaml').services;
    const environment = { ...serve.environment, ...clients?.environment };
    expect(loadConfig({ flags: {}, environment }).settings).toMatchObject({
      allowAnonymous: false,
      clientsFile: '/state/clients.json',
      quotaFile: '/state/quota.sqlite',
    });
    expect(clients?.volumes).toEqual(['state:/state']);
    expect(tools?.volumes).toEqual(['state:/state']);
    expect(read('Containerfile')).toMatch(/^RUN install -d -o 10001 -g 10001 .*\/state$/m);
  });

  test('Compose passes the key as a secret, and only under oprf', () => {
    expect(serve.environment).not.toHaveProperty('CREDVEIL_KEY_FILE');
    const [secret = ''] = oprf.services.serve?.secrets ?? [];
    expect(withKey).toHaveProperty('CREDVEIL_KEY_FILE', `/run/secrets/${secret}`);
    expect(oprf.secrets).toHaveProperty(secret);
  });
});
