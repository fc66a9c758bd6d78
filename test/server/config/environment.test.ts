// CREDVEIL_ variables that are no settings: those of Kubernetes, of the SDK, and of others.

import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../server/config/config.ts';
import { createDatasetKey } from '../../../store/dataset-key.ts';
import { writeKeyFile } from '../../../store/key-file.ts';
import { credveil, credveilJson, type Outcome, serveDataset } from '../../support/credveil.ts';
import { placeTest } from '../../support/vitest/fixtures.ts';

type Environment = { readonly [name: string]: string };

const load = (environment: Environment) => loadConfig({ flags: {}, environment });

/** What a Service named `credveil` with a named port adds to each pod of its namespace. */
const KUBERNETES: Environment = {
  CREDVEIL_SERVICE_HOST: '10.0.0.7',
  CREDVEIL_SERVICE_PORT: '8787',
  CREDVEIL_SERVICE_PORT_HTTP: '8787',
  CREDVEIL_PORT: 'tcp://10.0.0.7:8787',
  CREDVEIL_PORT_8787_TCP: 'tcp://10.0.0.7:8787',
  CREDVEIL_PORT_8787_TCP_PROTO: 'tcp',
  CREDVEIL_PORT_8787_TCP_PORT: '8787',
  CREDVEIL_PORT_8787_TCP_ADDR: '10.0.0.7',
  CREDVEIL_PORT_53_UDP: 'udp://10.0.0.7:53',
  // Of a Service named `credveil-metrics`, whose name is close to a setting.
  CREDVEIL_METRICS_PORT: 'tcp://[fd00::7]:9090',
  CREDVEIL_METRICS_SERVICE_HOST: 'fd00::7',
};

describe('the environment of a server', () => {
  test('service variables of Kubernetes are ignored', () => {
    expect(load(KUBERNETES).settings).toEqual(load({}).settings);
  });

  test.each(['CREDVEIL_KEY', 'CREDVEIL_CLIENT_KEY', 'CREDVEIL_TRUST', 'CREDVEIL_URL'])(
    'the SDK may use %s in the same environment',
    (name) => {
      expect(load({ [name]: 'marked' }).settings).toEqual(load({}).settings);
    },
  );

  test.each(['CREDVEIL_SCREENSHOTS', 'CREDVEIL_VERSION', 'CREDVEIL_TIMEOUT_MS', 'CREDVEIL_PORT'])(
    'a variable unlike any setting is no error: %s',
    (name) => {
      expect(load({ [name]: '9000' }).settings).toEqual(load({}).settings);
    },
  );

  test.each([
    ['CREDVEIL_LISTN', 'CREDVEIL_LISTEN'],
    ['CREDVEIL_KEYFILE', 'CREDVEIL_KEY_FILE'],
    ['CREDVEIL_WORKER', 'CREDVEIL_WORKERS'],
    ['CREDVEIL__LISTEN', 'CREDVEIL_LISTEN'],
  ])('a variable close to a setting is refused: %s', (name, meant) => {
    expect(() => load({ [name]: 'marked' })).toThrow(
      expect.objectContaining({ code: 'SETTING_UNKNOWN', hint: `Did you mean ${meant}?` }),
    );
  });

  test.each([
    ['CREDVEIL_TLS_CERT', 'CREDVEIL_TLS_CERT_FILE'],
    ['CREDVEIL_MAX_CONNECTIONS', 'CREDVEIL_LIMITS_MAX_CONNECTIONS'],
    ['CREDVEIL_LOG', 'CREDVEIL_LOG_LEVEL'],
  ])('a setting without its first or last word is refused: %s', (name, meant) => {
    expect(() => load({ [name]: 'marked' })).toThrow(
      expect.objectContaining({ code: 'SETTING_UNKNOWN', hint: `Did you mean ${meant}?` }),
    );
  });

  placeTest('a running server warns about a variable without effect', async ({ place }) => {
    const folder = place.at('leaks');
    await credveilJson(['init', folder, '--suite', 'hmac']);
    await credveilJson(['publish', folder]);
    const env = { ...process.env, ...KUBERNETES, CREDVEIL_KEY: 'marked', CREDVEIL_SCREENSHOTS: 'marked' };
    const server = await serveDataset(folder, { args: ['--workers', '0'], env });
    const { stderr } = await server.stop();
    const lines = stderr.split('\n').filter((line) => line.includes('CREDVEIL_'));
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        level: 'warn',
        event: 'variable-ignored',
        msg: 'environment variable CREDVEIL_SCREENSHOTS is not a setting and has no effect',
      }),
    ]);
    expect(stderr).not.toContain('marked');
  });
});

describe('a key file that a group may read', () => {
  /** Root's own group is that of systemd's credentials. */
  const group = process.getuid?.() === 0 ? 1234 : (process.getgid?.() ?? 0);
  const show = (file: string, env: Environment = {}): Promise<Outcome> =>
    credveil(['key', 'show', '--key-file', file], '', { env: { ...process.env, ...env } });

  placeTest('a key file is accepted of the group that the setting names', async ({ place }) => {
    const file = place.at('dataset.key');
    writeKeyFile(file, createDatasetKey('oprf'));
    fs.chownSync(file, process.getuid?.() ?? 0, group);
    fs.chmodSync(file, 0o440);
    const refused = await show(file);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('KEY_FILE_EXPOSED');
    expect(refused.stderr).toContain(`CREDVEIL_KEY_FILE_GROUP=${group}`);
    for (const mode of [0o440, 0o640, 0o400]) {
      fs.chmodSync(file, mode);
      expect((await show(file, { CREDVEIL_KEY_FILE_GROUP: String(group) })).code).toBe(0);
    }
    for (const mode of [0o444, 0o460, 0o450, 0o644]) {
      fs.chmodSync(file, mode);
      expect((await show(file, { CREDVEIL_KEY_FILE_GROUP: String(group) })).stderr).toContain('KEY_FILE_EXPOSED');
    }
    fs.chmodSync(file, 0o440);
    expect((await show(file, { CREDVEIL_KEY_FILE_GROUP: String(group + 1) })).stderr).toContain('KEY_FILE_EXPOSED');
    expect((await show(file, { CREDVEIL_KEY_FILE_GROUP: 'staff' })).code).toBe(2);
  });
});
