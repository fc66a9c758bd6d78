// The container image: built from the package, and run as deploy/compose.yaml runs it, with its
// pages opened in a browser.

import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { buildImage, type Image } from '../support/machine/container.ts';
import { fixture, root } from '../support/paths.ts';
import { perFile } from '../support/per-file.ts';
import { browserTest, expectPagesWork } from '../support/vitest/browser-test.ts';

const test = browserTest.extend<{ readonly image: Image }>({ image: perFile(buildImage, (image) => image.dispose()) });

interface Compose {
  readonly services: {
    readonly serve: {
      readonly environment: Readonly<Record<string, string>>;
      readonly healthcheck?: { readonly test: readonly string[] };
    };
  };
}

const readCompose = (name: string): Compose => parse(fs.readFileSync(path.join(root, 'deploy', name), 'utf8'));

/**
 * The environment of the service, with the address on the host: chroot isolation publishes no
 * ports.
 */
const environmentOf = (...files: string[]): Record<string, string> =>
  Object.assign({}, ...files.map((file) => readCompose(file).services.serve.environment));

test.for([
  ['hmac', ['compose.yaml']],
  ['oprf', ['compose.yaml', 'compose.oprf.yaml']],
] as const)(
  'the image creates, ingests, serves, checks and shows its pages under %s',
  async ([suite, files], { image, browser }) => {
    const leaks = image.createVolume(`leaks-${suite}`);
    const keys = image.createVolume(`keys-${suite}`);
    const corpora = fixture('corpora');
    const tools = { volumes: { '/dataset': leaks, '/keys': keys, '/corpora:ro': corpora } };
    const key = ['--key-file', '/keys/leaks.key'];
    const publisher = suite === 'oprf' ? ['--publisher-key', '/keys/leaks.publisher'] : [];
    const ofClients = suite === 'hmac' ? key : [];
    const secretFiles = [...key, ...publisher];
    await image.run(['init', '/dataset', '--suite', suite, ...secretFiles], tools);
    // Its streams meet within a line, which looks misread.
    const joined = ['--accept', 'columns-in-passwords'];
    const corpus = ['/corpora/two-streams.xz', '--source', 'trial', ...joined];
    await image.run(['ingest', '/dataset', ...corpus, ...secretFiles], tools);
    const pins = JSON.parse(await image.run(['key', 'pin', '/dataset', ...ofClients, '--json'], tools)) as {
      key: string | null;
      trust: string | null;
    };

    const environment = environmentOf(...files);
    const secrets = suite === 'oprf' ? { '/run/secrets/dataset_key:ro': path.join(keys, 'leaks.key') } : {};
    const service = await image.start({ environment, volumes: { '/dataset:ro': leaks, ...secrets } });
    try {
      expect(JSON.parse(service.firstLine)).toEqual({ url: 'http://0.0.0.0:8787' });
      const [, ...probe] = readCompose('compose.yaml').services.serve.healthcheck?.test ?? [];
      expect(probe.length).toBeGreaterThan(0);
      await image.runCommand(probe, {});
      const url = 'http://127.0.0.1:8787';
      await expectPagesWork(browser, url, pins.key ?? undefined);
      fs.writeFileSync(path.join(keys, 'asked'), '{"username":"ana@example.com","password":"summer2019"}\n');
      const pin = pins.trust === null ? `--dataset /dataset ${key.join(' ')}` : `--trust ${pins.trust}`;
      const ask = `node /opt/credveil/cli/bin.js check --url ${url} ${pin} --json < /keys/asked`;
      const verdict = JSON.parse(
        await image.runCommand(['sh', '-c', ask], { volumes: { '/dataset:ro': leaks, '/keys:ro': keys } }),
      );
      expect(verdict).toMatchObject({ status: 'pair' });
    } finally {
      expect(await service.stop()).toBe(0);
    }
  },
);

test('the image runs as a user that is not root, and holds the package alone', async ({ image }) => {
  expect((await image.runCommand(['id', '-u'], {})).trim()).toBe('10001');
  const files = (await image.runCommand(['ls', '-A', '/opt/credveil'], {})).trim().split('\n');
  const expected = ['cli', 'client-sdk', 'deploy', 'dist', 'docs', 'examples', 'gateway', 'node-version.js'];
  const others = files.filter((file) => !file.endsWith('.md'));
  expect(others.sort()).toEqual(
    [...expected, 'LICENSE', 'PROTOCOL.vectors.json', 'node_modules', 'package-lock.json', 'package.json'].sort(),
  );
  expect(
    (await image.runCommand(['find', '/opt/credveil/cli', '/opt/credveil/dist', '-name', '*.ts'], {})).trim(),
  ).toBe('');
});
