// credveil gateway: a reverse proxy in front of applications, until it gets a signal.

import path from 'node:path';
import type { Command } from 'commander';
import { GatewayConfigError } from '../../gateway/config/read.ts';
import type { GatewayConfig } from '../../gateway/config/schema.ts';
import { warningsOf } from '../../gateway/warnings.ts';
import { startGatewayService } from '../../gateway/workers/primary.ts';
import type { ServerEvent } from '../../runtime/events.ts';
import { VERSION } from '../../runtime/version.ts';
import { countWorkers } from '../../runtime/workers/shared-port.ts';
import { ExitCode, UsageError } from '../exit.ts';
import { addAccessCommands } from '../gateway/access-commands.ts';
import {
  type AdminFlags,
  acceptList,
  refreshList,
  showLists,
  showPageLink,
  showStatus,
} from '../gateway/administration.ts';
import { checkFiles, readConfigHere } from '../gateway/check-files.ts';
import { describeFaults } from '../gateway/faults.ts';
import { type LiftFlags, liftLimits, listLimits } from '../gateway/limits.ts';
import { listsOf, withSetup } from '../gateway/offline-setup.ts';
import { addRecordCommands } from '../gateway/record-commands.ts';
import { type RulesTestFlags, testRules } from '../gateway/rules-test.ts';
import { RunningConfig } from '../gateway/running-config.ts';
import { startAdmin } from '../gateway/start-admin.ts';
import { StateLock } from '../gateway/state-lock.ts';
import { addUserCommands } from '../gateway/users.ts';
import { type AlarmOptions, openEvents } from '../notify/service-events.ts';
import { note, print, printJson, printResult } from '../output.ts';
import { printable } from '../printable.ts';
import { startMetrics } from '../service/run-service.ts';
import { Signals } from '../service/signals.ts';

interface GatewayFlags {
  readonly config: string;
  readonly check?: boolean;
  readonly json?: boolean;
}

export function addGateway(program: Command): void {
  const gateway = program
    .command('gateway')
    .description('put a reverse proxy in front of applications')
    .option('--config <file>', 'YAML or JSON; docs/gateway.md lists its keys')
    .option('--check', 'check the configuration and the files that it names, then exit')
    .option('--json', 'print the addresses, or the mistakes of --check, as JSON')
    .action((flags: Partial<GatewayFlags>) =>
      withFaults(flags, async ({ config: file }) => {
        const config = readConfigHere(file);
        if (flags.check) {
          await check(config, { ...flags, config: file });
          return;
        }
        const signals = new Signals();
        await serveUntilStopped(config, { ...flags, config: file }, signals).finally(() => signals.close());
      }),
    );
  const ask = (name: string, about: string, run: (flags: AdminFlags) => Promise<void>): Command =>
    gateway
      .command(name)
      .description(about)
      .option('--config <file>', 'the configuration of the running gateway')
      .option('--socket <file>', 'its admin socket, without a configuration')
      .option('--json', 'print the result as JSON')
      .action((_: unknown, command: Command) => run(command.optsWithGlobals()));
  ask('status', 'show process, configuration, addresses, applications and lists of a running gateway', showStatus);
  ask('page', 'print a link that signs in to the admin page once', showPageLink);
  const lists = ask('lists', 'show the lists of a running gateway', showLists);
  const askOfList = (verb: string, about: string, run: (name: string, flags: AdminFlags) => Promise<void>): Command =>
    lists
      .command(verb)
      .description(about)
      .argument('<name>', 'as in the configuration')
      .option('--config <file>', 'the configuration of the running gateway')
      .option('--socket <file>', 'its admin socket, without a configuration')
      .option('--json', 'print the result as JSON')
      .action((name: string, _: unknown, command: Command) => run(name, command.optsWithGlobals()));
  askOfList('accept', 'put a list in force that grew or shrank too much', acceptList);
  askOfList('refresh', 'read the source of a list now', refreshList);
  ask('limits', 'show the bans of logins that are in force', listLimits)
    .command('lift')
    .description('end a ban, or all bans and counts of a user')
    .argument('[id]', 'of a ban')
    .option('--user <app>', 'an application: read the username from standard input')
    .option('--config <file>', 'the configuration of the running gateway')
    .option('--socket <file>', 'its admin socket, without a configuration')
    .option('--json', 'print the result as JSON')
    .action((id: string | undefined, _: unknown, command: Command) => {
      const flags: LiftFlags = command.optsWithGlobals();
      return liftLimits(id, flags);
    });
  gateway
    .command('rules')
    .description('the rules of a configuration')
    .command('test')
    .description('show what each rule makes of one request, and why')
    .requiredOption('--request <file>', 'a request line and headers')
    .option('--config <file>', 'the configuration')
    .option('--from <address>', 'address of the client', '127.0.0.1')
    .option('--https', 'the request comes under TLS')
    .option('--json', 'print the result as JSON')
    .action((_: unknown, command: Command) => {
      const flags: RulesTestFlags = command.optsWithGlobals();
      return withFaults(flags, () => testRules(flags));
    });
  addRecordCommands(gateway, withFaults);
  addAccessCommands(gateway, withFaults);
  addUserCommands(gateway);
}

/** Runs an action with --config, and prints the mistakes of that file. */
async function withFaults<F extends { readonly config?: string; readonly json?: boolean }>(
  flags: F,
  run: (flags: F & { readonly config: string }) => Promise<void>,
): Promise<void> {
  const { config } = flags;
  if (config === undefined)
    throw new UsageError('no configuration given', 'Pass it: credveil gateway --config <file>.');
  try {
    await run({ ...flags, config });
  } catch (error) {
    if (!(error instanceof GatewayConfigError) || error.faults.length === 0) throw error;
    reportFaults(error, { ...flags, config });
  }
}

function reportFaults(error: GatewayConfigError, { config, json }: GatewayFlags): void {
  if (json) printJson({ ok: false, faults: error.faults });
  else note(describeFaults(config, error.faults));
  process.exitCode = ExitCode.usage;
}

async function check(config: GatewayConfig, flags: GatewayFlags): Promise<void> {
  const { leaks, providers } = await checkFiles(config);
  const warnings = warningsOf(config);
  printResult(
    flags,
    {
      ok: true,
      apps: Object.keys(config.apps).length,
      warnings,
      ...(leaks && { leaks }),
      ...(providers.length > 0 && { providers }),
    },
    ({ apps }) => `${flags.config}: ${apps === 1 ? '1 application' : `${apps} applications`}, no mistakes`,
  );
  if (flags.json) return;
  for (const warning of warnings) note(describeWarning(warning));
  for (const { provider, isAsked, reason, hint } of providers)
    if (reason === undefined && isAsked) note(`the provider ${provider} answers`);
    else if (reason !== undefined)
      note(`warning: people cannot sign in with ${provider} now (${reason})${hint === undefined ? '' : `\n  ${hint}`}`);
  if (!leaks) return;
  if (leaks.state === 'ready') note('the leak service answers, with the pinned dataset');
  else note(`the leak service cannot be used now (${leaks.code}): ${leaks.message}\n  ${leaks.hint}`);
}

function describeWarning({ event, ...facts }: ServerEvent): string {
  const { message, hint, ...others } = facts as { readonly message?: string; readonly hint?: string };
  const said = message ?? [event, ...Object.values(others)].join(' ');
  return `warning: ${printable(said)}${hint === undefined ? '' : `\n  ${printable(hint)}`}`;
}

async function serveUntilStopped(config: GatewayConfig, flags: GatewayFlags, signals: Signals): Promise<void> {
  const lock = new StateLock();
  lock.take(config);
  const { onEvent, close: closeEvents } = await openEvents(alarmsOf(config));
  onEvent({ event: 'starting', pid: process.pid, version: VERSION });
  const running = new RunningConfig(flags.config, config, onEvent);
  const service = await startGatewayService(config, { workers: countWorkers(config.workers), onEvent }).catch(
    async (error: unknown) => {
      await closeEvents();
      throw error;
    },
  );
  const metrics = await startMetrics(config.metrics, service, onEvent, 'metrics');
  const closeAdmin = await startAdmin(running, service, onEvent);
  const apply = async (next: GatewayConfig): Promise<void> => {
    // What cannot be used changes nothing, the lists neither.
    await withSetup(next, { lists: listsOf(next), onEvent: () => undefined }, () => undefined);
    lock.take(next);
    await service.reload(next);
  };
  signals.onHangUp(() => running.reload(apply));
  const stopped = signals.untilStopped(() =>
    service
      .close({ deadlineMs: running.current.drainMs })
      .finally(() => Promise.all([metrics?.close(), closeAdmin()]))
      .finally(closeEvents),
  );
  // Printed last: a parent that waits for these lines may send a signal immediately.
  const { urls } = service;
  if (flags.json) printJson({ urls, ...(metrics && { metrics: metrics.url }) });
  else print(urls.map((url) => `listening on ${url}`).join('\n'));
  await stopped;
  lock.release();
}

function alarmsOf({ logLevel, notify, stateDirectory = '.', keyFileGroup: group }: GatewayConfig): AlarmOptions {
  return { ...{ logLevel, notify, group }, outboxFile: path.join(stateDirectory, 'outbox.sqlite') };
}
