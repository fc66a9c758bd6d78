// credveil serve: serves datasets over HTTP until it gets a signal.

import fs from 'node:fs';
import type { Command } from 'commander';
import { nameError, type OnEvent } from '../../runtime/events.ts';
import { isLoopback } from '../../runtime/http/browser-gate.ts';
import { countWorkers } from '../../runtime/workers/shared-port.ts';
import {
  type Config,
  compareSettings,
  loadConfig,
  parseAddress,
  serverOptions,
  settingsBelow,
} from '../../server/config/config.ts';
import type { Settings } from '../../server/config/settings.ts';
import { type CredveilServer, startServer } from '../../server/server.ts';
import type { ServedFolder } from '../../server/service.ts';
import type { OrderedFolder } from '../../server/workers/messages.ts';
import { startWorkers } from '../../server/workers/primary.ts';
import { openDataset } from '../../store/dataset.ts';
import { openKeyFile } from '../../store/key-file.ts';
import { UsageError } from '../exit.ts';
import { namedBy } from '../key-files.ts';
import { outboxFor } from '../notify/notifier.ts';
import { type AlarmOptions, openEvents } from '../notify/service-events.ts';
import { keyFileFor } from '../open.ts';
import { note, printResult } from '../output.ts';
import { printable } from '../printable.ts';
import { addSettingFlags, configJson, describeConfig } from '../serve-config.ts';
import { startMetrics } from '../service/run-service.ts';
import { Signals } from '../service/signals.ts';

interface ServeOptions {
  config?: string;
  printConfig?: boolean;
  json?: boolean;
}

/**
 * Under `oprf` the server evaluates with the key. Without a key file it serves buckets alone, for
 * clients that have another server evaluate. Under `hmac` it must not open the key file.
 */
function withKey(folder: string, group: Settings['keyFileGroup'], keyFile?: string): ServedFolder {
  const { suite } = openDataset(folder).parameters;
  if (suite === 'oprf') {
    const access = group === 'none' ? {} : { group };
    const file = keyFileFor(folder, keyFile);
    if (keyFile !== undefined || isPresent(file))
      return { folder, key: namedBy('--key-file', () => openKeyFile(file, access)) };
    note(
      `no key file ${printable(file)}: serving the buckets of ${printable(folder)} alone.\n` +
        '  Clients need a server that evaluates (options url and bucketsUrl). To evaluate here, pass --key-file.',
    );
    return { folder };
  }
  if (keyFile !== undefined)
    throw new UsageError(
      '--key-file does not apply to a dataset of the hmac suite',
      'Remove --key-file, and keep the key off this machine if you can.',
    );
  return { folder };
}

/** Also true for a file that cannot be opened: an error, and no reason to serve without it. */
function isPresent(file: string): boolean {
  try {
    return fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

async function start(settings: Settings, onEvent: OnEvent): Promise<CredveilServer> {
  if (settings.dataset === undefined)
    throw new UsageError('no dataset given', 'Pass its folder: credveil serve <dataset>.');
  const options = serverOptions(settings);
  const first = withKey(settings.dataset, settings.keyFileGroup, settings.keyFile);
  const additional = settings.also.map((folder) => withKey(folder, settings.keyFileGroup));
  const workers = countWorkers(settings.workers);
  if (workers > 0) {
    const datasets = [toOrder(first), ...additional.map(toOrder)] as const;
    return startWorkers({ datasets, options }, { workers, onEvent });
  }
  return startServer(first.folder, { ...options, ...(first.key && { key: first.key }), additional, onEvent });
}

const toOrder = ({ folder, key }: ServedFolder): OrderedFolder =>
  key ? { folder, keyText: key.revealText() } : { folder };

export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .description('serve datasets over HTTP')
    .argument('[dataset]', 'folder of the dataset')
    .option('--config <file>', 'JSON file with settings; CREDVEIL_… variables and flags override it')
    .option('--print-config', 'print the effective settings and where each comes from, then exit')
    .option('--json', 'print the URL as JSON');
  const readFlags = addSettingFlags(command);
  command.action(async (dataset: string | undefined, options: ServeOptions) => {
    const flags = { ...readFlags(), ...(dataset !== undefined && { dataset }) };
    const load = () => loadConfig({ flags, environment: process.env, file: options.config });
    const config = load();
    const ignored = config.ignored.map(describeIgnored);
    if (options.printConfig) {
      for (const { message } of ignored) note(`warning: ${message}`);
      return printResult(options, options.json ? configJson(config) : config, () => describeConfig(config));
    }
    const signals = new Signals();
    const events = await openEvents(alarmsOf(config.settings));
    try {
      for (const event of ignored) events.onEvent(event);
      await serveUntilStopped(config.settings, load, { onEvent: events.onEvent, signals }, options);
    } finally {
      await events.close();
      signals.close();
    }
  });
}

/** The outbox lies beside the dataset. */
function alarmsOf({ logLevel, notify, dataset, keyFileGroup, outboxFile }: Settings): AlarmOptions {
  return {
    ...{ logLevel, notify },
    outboxFile: outboxFile ?? (dataset === undefined ? undefined : outboxFor(dataset)),
    group: keyFileGroup === 'none' ? undefined : keyFileGroup,
  };
}

async function serveUntilStopped(
  initial: Settings,
  load: () => Config,
  { onEvent, signals }: { readonly onEvent: OnEvent; readonly signals: Signals },
  options: ServeOptions,
): Promise<void> {
  let settings = initial;
  if (isPlain(settings)) onEvent(PLAIN_HTTP);
  const server = await start(settings, onEvent);
  const metrics = await startMetrics(settings.metrics, server, onEvent);
  const reload = (): void => {
    try {
      const change = compareSettings(settings, load().settings);
      server.reload(settingsBelow(change.settings, 'limits'));
      settings = change.settings;
      onEvent({ event: 'config-reloaded', changed: change.changed, needRestart: change.needRestart });
    } catch (error) {
      const message = error instanceof Error ? error.message : 'the settings could not be read';
      onEvent({ event: 'config-refused', message, ...nameError(error) });
    }
  };
  signals.onHangUp(reload);
  // Metrics stay available while the server drains.
  const stopped = signals.untilStopped(() =>
    server.close({ deadlineMs: settings.drainMs }).finally(() => metrics?.close()),
  );
  // Printed last: a parent that waits for this line may send a signal immediately.
  const urls = { url: server.url, ...(metrics && { metrics: metrics.url }) };
  printResult(options, urls, ({ url }) => `listening on ${url}`);
  await stopped;
}

const isPlain = (settings: Settings): boolean =>
  settings['tls.certFile'] === undefined && !isLoopback(parseAddress(settings.listen).host);

const PLAIN_HTTP = {
  event: 'plain-http',
  message: 'other machines reach this server over plain HTTP: client keys and prefixes cross the network in clear',
  hint: 'Set tls.certFile and tls.keyFile, or put a proxy with TLS in front and let nothing else connect.',
} as const;

const describeIgnored = (name: string) =>
  ({
    event: 'variable-ignored',
    message: `environment variable ${name} is not a setting and has no effect`,
    hint: '`credveil serve --print-config` lists all settings.',
  }) as const;
