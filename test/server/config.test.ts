// Configuration: precedence of sources, errors, reloads and documentation.

import fs from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../runtime/limits.ts';
import {
  type ConfigSources,
  compareSettings,
  loadConfig,
  serverOptions,
  settingsBelow,
} from '../../server/config/config.ts';
import { environmentName, flagName, SETTING_KEYS, SETTINGS } from '../../server/config/settings.ts';
import { createWorkPlace, credveil, credveilJson } from '../support/credveil.ts';
import { root } from '../support/paths.ts';

const place = createWorkPlace();
afterAll(() => place.dispose());

let files = 0;
const fileOf = (content: unknown): string =>
  place.write(`config-${files++}.json`, typeof content === 'string' ? content : JSON.stringify(content));
const load = (sources: Partial<ConfigSources> = {}) => loadConfig({ flags: {}, environment: {}, ...sources });
const errorOf = (sources: Partial<ConfigSources>): Error & { code: string; hint: string } => {
  try {
    load(sources);
  } catch (error) {
    return error as Error & { code: string; hint: string };
  }
  throw new Error('nothing was refused');
};

describe('settings', () => {
  test('a setting has a default, and its key determines the other names', () => {
    const { settings, origins } = load();
    expect(settings).toEqual(Object.fromEntries(SETTING_KEYS.map((key) => [key, SETTINGS[key].fallback])));
    expect(new Set(Object.values(origins))).toEqual(new Set(['default']));
    expect(settingsBelow(settings, 'limits')).toEqual(DEFAULT_LIMITS);
    expect(environmentName('limits.maxUrlBytes')).toBe('CREDVEIL_LIMITS_MAX_URL_BYTES');
    expect(flagName('limits.maxUrlBytes')).toBe('--limits-max-url-bytes');
    expect(new Set(SETTING_KEYS.map(environmentName)).size).toBe(SETTING_KEYS.length);
    expect(new Set(SETTING_KEYS.map(flagName)).size).toBe(SETTING_KEYS.length);
  });

  test('a flag overrides the environment, which overrides the file', () => {
    const file = fileOf({ limits: { maxConnections: 1, maxUrlBytes: 1 }, drainMs: 1, workers: 1 });
    const environment = { CREDVEIL_LIMITS_MAX_CONNECTIONS: '2', CREDVEIL_DRAIN_MS: '2', PATH: '/bin' };
    const { settings, origins } = load({ file, environment, flags: { drainMs: '3' } });
    expect([settings.workers, settings['limits.maxUrlBytes']]).toEqual([1, 1]);
    expect([settings['limits.maxConnections'], settings.drainMs]).toEqual([2, 3]);
    expect(origins).toMatchObject({
      workers: `file ${file}`,
      'limits.maxConnections': 'environment CREDVEIL_LIMITS_MAX_CONNECTIONS',
      drainMs: 'flag --drain-ms',
      listen: 'default',
    });
  });

  test('settings of every kind are parsed from text', () => {
    const environment = {
      CREDVEIL_WORKERS: 'auto',
      CREDVEIL_ALSO: 'a,b',
      CREDVEIL_KEY_FILE: 'k',
      CREDVEIL_LISTEN: '[::1]:65535',
      CREDVEIL_TLS_REQUIRE_CLIENT_CERTIFICATE: 'true',
    };
    const { settings } = load({ environment, flags: { workers: '4' } });
    expect(settings).toMatchObject({ workers: 4, also: ['a', 'b'], keyFile: 'k', listen: '[::1]:65535' });
    expect(settings['tls.requireClientCertificate']).toBe(true);
    expect(load({ flags: { also: ['x', 'y,z'] } }).settings.also).toEqual(['x', 'y,z']);
  });

  test('a path in a configuration file is relative to that file', () => {
    const file = fileOf({ dataset: 'leaks', also: ['../old', '/abs'], tls: { certFile: 'cert.pem' } });
    const { settings } = load({ file, flags: { keyFile: 'here.key' } });
    expect(settings.dataset).toBe(place.at('leaks'));
    expect(settings.also).toEqual([path.join(place.home, '..', 'old'), '/abs']);
    expect(settings['tls.certFile']).toBe(place.at('cert.pem'));
    expect(settings.keyFile).toBe('here.key');
  });

  test('the environment can name the configuration file', () => {
    const file = fileOf({ workers: 7 });
    expect(load({ environment: { CREDVEIL_CONFIG: file } }).settings.workers).toBe(7);
  });
});

describe('a configuration error has a place and a hint, but not the value', () => {
  const bad: [string, () => Partial<ConfigSources>, string, RegExp, RegExp][] = [
    ['an unknown key', () => ({ file: fileOf({ lisen: 'marked' }) }), 'SETTING_UNKNOWN', /lisen/, /listen\?/],
    [
      'an unknown key of a group',
      () => ({ file: fileOf({ limits: { maxUrlByte: 'marked' } }) }),
      'SETTING_UNKNOWN',
      /limits\.maxUrlByte /,
      /limits\.maxUrlBytes/,
    ],
    ['a key like no other', () => ({ file: fileOf({ zzz: 'marked' }) }), 'SETTING_UNKNOWN', /zzz/, /--print-config/],
    ['a dotted key', () => ({ file: fileOf({ 'limits.maxUrlByte': 1 }) }), 'SETTING_UNKNOWN', /maxUrlByte/, /maxUrl/],
    [
      'an unknown environment variable',
      () => ({ environment: { CREDVEIL_LISTN: 'marked' } }),
      'SETTING_UNKNOWN',
      /CREDVEIL_LISTN/,
      /CREDVEIL_LISTEN/,
    ],
    [
      'a number that is text',
      () => ({ file: fileOf({ drainMs: 'marked' }) }),
      'SETTING_INVALID',
      /drainMs \(file .*whole number from 1/,
      /./,
    ],
    [
      'a number out of range',
      () => ({ environment: { CREDVEIL_DRAIN_MS: '0' } }),
      'SETTING_INVALID',
      /drainMs \(environment CREDVEIL_DRAIN_MS\)/,
      /./,
    ],
    [
      'a flag',
      () => ({ flags: { listen: 'marked' } }),
      'SETTING_INVALID',
      /listen \(flag --listen\): must be HOST:PORT, with a port from 0 to 65535/,
      /./,
    ],
    [
      'a count of workers',
      () => ({ flags: { workers: 'marked' } }),
      'SETTING_INVALID',
      /auto, or a whole number from 0 to 256/,
      /./,
    ],
    ['a list', () => ({ file: fileOf({ also: 'marked' }) }), 'SETTING_INVALID', /a list of paths/, /./],
    [
      'a choice',
      () => ({ file: fileOf({ tls: { requireClientCertificate: 'marked' } }) }),
      'SETTING_INVALID',
      /t/,
      /./,
    ],
    ['a group that is none', () => ({ file: fileOf({ limits: 'marked' }) }), 'SETTINGS_FILE_MALFORMED', /limits/, /./],
    ['no JSON', () => ({ file: fileOf('{\n marked }') }), 'SETTINGS_FILE_MALFORMED', /\(line 2 column 2\)/, /./],
    ['a JSON list', () => ({ file: fileOf([]) }), 'SETTINGS_FILE_MALFORMED', /one JSON object/, /./],
    ['no file', () => ({ file: place.at('none') }), 'SETTINGS_FILE_MISSING', /cannot be read/, /--config/],
    ['a huge file', () => ({ file: fileOf(' '.repeat(2 ** 20 + 1)) }), 'SETTINGS_FILE_MALFORMED', /too long/, /./],
  ];
  test.each(bad)('%s', (_, sources, code, message, hint) => {
    const error = errorOf(sources());
    expect(error).toMatchObject({ name: 'ConfigError', code });
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
    expect(error.message + error.hint).not.toContain('marked');
  });

  test('control characters of a key are not written to a terminal', () => {
    expect(errorOf({ file: fileOf({ '\u001b[2J': 1 }) }).message).toContain('??2J');
  });

  test('an incomplete set of TLS files is rejected', () => {
    for (const [key, other] of [
      ['tls.certFile', 'tls.keyFile'],
      ['tls.keyFile', 'tls.certFile'],
      ['tls.caFile', 'tls.certFile'],
      ['tls.requireClientCertificate', 'tls.caFile'],
    ] as const)
      expect(() => serverOptions(load({ flags: { [key]: SETTINGS[key].isPath ? 'x' : 'true' } }).settings)).toThrow(
        expect.objectContaining({
          code: 'SETTING_INVALID',
          message: `setting ${key} needs ${other}, which is missing`,
          hint: `Add ${flagName(other)}.`,
        }),
      );
  });
});

test('a reload applies live settings and lists those that need a restart', () => {
  const before = load().settings;
  const after = load({ flags: { drainMs: '5', workers: '3', 'limits.maxConnections': '9' } }).settings;
  const change = compareSettings(before, after);
  expect(change.changed).toEqual(['drainMs', 'limits.maxConnections']);
  expect(change.needRestart).toEqual(['workers']);
  expect(change.settings).toEqual({ ...before, drainMs: 5, 'limits.maxConnections': 9 });
});

test('settings are converted to server options', () => {
  const flags = { listen: '[::1]:80', 'tls.certFile': 'c', 'tls.keyFile': 'k', 'limits.maxUrlBytes': '99' };
  expect(serverOptions(load({ flags }).settings)).toEqual({
    ...DEFAULT_LIMITS,
    maxUrlBytes: 99,
    host: '::1',
    allowAnonymous: false,
    logLevel: 'info',
    pages: true,
    allowedOrigins: [],
    allowedHosts: [],
    port: 80,
    pollIntervalMs: 1000,
    maxHeldBytes: 2 ** 27,
    tls: { certFile: 'c', keyFile: 'k', requireClientCertificate: false },
  });
  expect(serverOptions(load({ flags: { listen: ':0' } }).settings)).toMatchObject({ host: '127.0.0.1', port: 0 });
});

describe('credveil serve', () => {
  test('--print-config prints effective values and their sources, as text and as JSON', async () => {
    const config = fileOf({ drainMs: 77 });
    const args = ['serve', 'leaks', '--print-config', '--config', config, '--limits-max-url-bytes', '100'];
    const printed = (await credveilJson(args)) as { [key: string]: unknown };
    expect(Object.keys(printed)).toEqual(SETTING_KEYS);
    expect(printed).toMatchObject({
      dataset: { value: 'leaks', from: 'argument' },
      drainMs: { value: 77, from: `file ${config}` },
      'limits.maxUrlBytes': { value: 100, from: 'flag --limits-max-url-bytes' },
      keyFile: { value: null, from: 'default' },
      clientsFile: { value: path.resolve('leaks.clients.json'), from: 'default' },
      quotaFile: { value: path.resolve('leaks.quota.sqlite'), from: 'default' },
    });
    const { code, stdout } = await credveil(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^limits\.maxUrlBytes +100 +flag --limits-max-url-bytes$/m);
  });

  test('an invalid configuration exits with code 2', async () => {
    const { code, stderr } = await credveil(['serve', 'leaks', '--config', fileOf({ listn: ':80' })]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error SETTING_UNKNOWN: .*\n {2}Did you mean listen\?\n$/);
  });

  test('the help and the documentation list every setting', async () => {
    const { stdout } = await credveil(['serve', '--help']);
    const documented = fs.readFileSync(path.join(root, 'docs/operations.md'), 'utf8');
    for (const key of SETTING_KEYS) {
      if (key !== 'dataset') expect(stdout).toContain(`${flagName(key)} `);
      const row = documented.split('\n').find((line) => line.startsWith(`| \`${key}\` |`));
      expect(row, key).toBeDefined();
      expect(row?.includes('| yes |'), `${key} is live`).toBe(SETTINGS[key].live);
    }
  });
});
