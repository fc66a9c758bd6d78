// credveil gateway quarantine test: whether logins of an application can be held back.

import { text } from 'node:stream/consumers';
import { testHold } from '../../gateway/hold-test/hold-test.ts';
import { parseAccounts } from '../../gateway/hold-test/test-account.ts';
import { keepTested } from '../../gateway/quarantine/tested.ts';
import { ExitCode, UsageError } from '../exit.ts';
import { note, printResult } from '../output.ts';
import { readConfigHere } from './check-files.ts';
import { readNamedSecret } from './named-file.ts';

export interface HoldTestFlags {
  readonly config: string;
  /** Default: standard input. */
  readonly account?: string;
  readonly json?: boolean;
}

const MAX_ACCOUNT_LENGTH = 65_536;

/** @throws UsageError, GatewayConfigError, ServerError, StoreError */
export async function runHoldTest(name: string, flags: HoldTestFlags): Promise<void> {
  const config = readConfigHere(flags.config);
  if (!config.apps[name]?.login?.hold)
    throw new UsageError(`${flags.config} holds no logins of ${name} back`, 'Name an application with login.hold.');
  const parsed = parseAccounts(await readAccount(flags.account));
  if ('faults' in parsed)
    throw new UsageError(
      `the test account is malformed: ${parsed.faults.join('; ')}`,
      'docs/gateway-hold.md shows one.',
    );
  const steps = await testHold(config, name, parsed.accounts);
  const ok = steps.every(({ fault }) => fault === undefined);
  if (ok) keepTested(name, config, new Date());
  else process.exitCode = ExitCode.failed;
  printResult(flags, { ok, steps }, () =>
    steps
      .map(({ step, fault }) => (fault === undefined ? `ok      ${step}` : `failed  ${step}\n        ${fault}`))
      .join('\n'),
  );
  if (!flags.json) note(ok ? `logins of ${name} can be held back` : `logins of ${name} cannot be held back so`);
}

/** Never an argument: others see them. */
async function readAccount(file: string | undefined): Promise<string> {
  const account =
    file === undefined || file === '-'
      ? await text(process.stdin)
      : readNamedSecret(file, 'Name the file of the test account with --account.').toString();
  if (account.length > MAX_ACCOUNT_LENGTH)
    throw new UsageError('the test account is too long', 'Write its keys alone.');
  return account;
}
