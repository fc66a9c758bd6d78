// Checks the files that a configuration names, as a start would, without listening.

import { LookupError } from '../../client-sdk/index.ts';
import type { Checks } from '../../gateway/checks/checks.ts';
import { nameLeakError } from '../../gateway/checks/leak-hints.ts';
import { readConfig } from '../../gateway/config/read.ts';
import type { GatewayConfig } from '../../gateway/config/schema.ts';
import { hintFor } from '../../gateway/identity/sign-in/fault-hints.ts';
import { type Provider, SignInError } from '../../gateway/identity/sign-in/provider.ts';
import { assertHoldsTested } from '../../gateway/quarantine/tested.ts';
import { assertFolder } from '../../gateway/state/sqlite-file.ts';
import type { Sink } from '../../notify/sink.ts';
import { ServerError } from '../../runtime/errors.ts';
import type { ServerEvent } from '../../runtime/events.ts';
import { fileGroup } from '../key-files.ts';
import { listsOf, withSetup } from './offline-setup.ts';

/** The variable applies to every command; a key of the file goes first. */
export function readConfigHere(file: string): GatewayConfig {
  const config = readConfig(file);
  const { group } = fileGroup();
  return group === undefined ? config : { keyFileGroup: group, ...config };
}

/** Whether the leak service could be asked just now. */
export type LeakReadiness =
  | { readonly state: 'ready' }
  | { readonly state: 'unavailable'; readonly code: string; readonly message: string; readonly hint: string };

/** A provider of identities, where it could be asked for its document. */
export interface ProviderReadiness {
  readonly provider: string;
  /** Others have no document that could be asked for. */
  readonly isAsked: boolean;
  /** Why it could not. */
  readonly reason?: string;
  readonly hint?: string;
}

export interface Readiness {
  /** Undefined without `leaks`. */
  readonly leaks: LeakReadiness | undefined;
  readonly providers: readonly ProviderReadiness[];
}

/**
 * Asks the services that the configuration names, whose silence keeps nothing from starting.
 * @throws ServerError, StoreError, StateError, LookupError for files that cannot be used
 */
export async function checkFiles(config: GatewayConfig): Promise<Readiness> {
  if (config.state) assertFolder(config.state.sqliteFile);
  const expired: Extract<ServerEvent, { readonly message: string }>[] = [];
  const onEvent = (event: ServerEvent): void => {
    if (event.event === 'tls-expired') expired.push(event);
  };
  const ready = await withSetup(config, { lists: listsOf(config), onEvent }, async ({ checks, identity }) => ({
    leaks: await (checks && readinessOf(checks)),
    providers: await Promise.all([...(identity?.providers.values() ?? [])].map((each) => askProvider(each, config))),
  }));
  if (config.notify.length > 0) for (const sink of await openSinksOf(config)) sink.close();
  const [first] = expired;
  if (first) throw new ServerError('TLS_CERTIFICATE_EXPIRED', first.message, first.hint);
  assertHoldsTested(config);
  return ready;
}

async function openSinksOf({ notify, keyFileGroup: group }: GatewayConfig): Promise<Sink[]> {
  const { openSinks } = await import('../../notify/setup/open-sinks.ts');
  return openSinks(notify, group === undefined ? {} : { group });
}

/** As a sign-in would begin, with secrets of nobody. */
async function askProvider(provider: Provider, { identity }: GatewayConfig): Promise<ProviderReadiness> {
  const { name } = provider;
  const isAsked = 'oidc' in (identity?.[name] ?? {});
  const secrets = { state: 'check', nonce: 'check', verifier: 'check'.padEnd(43, '-') };
  try {
    if (provider.kind === 'redirect') await provider.begin('https://gateway.invalid/callback', secrets);
    return { provider: name, isAsked };
  } catch (error) {
    if (!(error instanceof SignInError)) throw error;
    const hint = hintFor(error.reason);
    return { provider: name, isAsked, reason: error.reason, ...(hint && { hint }) };
  }
}

async function readinessOf(checks: Checks): Promise<LeakReadiness> {
  try {
    await checks.ready();
    return { state: 'ready' };
  } catch (error) {
    if (!(error instanceof LookupError)) throw error;
    return { state: 'unavailable', message: error.message, ...nameLeakError(error) };
  }
}
