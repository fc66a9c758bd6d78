// credveil client: adds, lists and revokes the clients of a server.

import { type Command, InvalidArgumentError } from 'commander';
import { addClient, clientFileFor, readClients, revokeClient } from '../../access/client-file.ts';
import type { Client } from '../../access/client-list.ts';
import {
  MAX_QUOTA,
  QUOTA_POLICIES,
  QUOTA_POLICY_NAMES,
  type QuotaPolicy,
  type Quotas,
} from '../../access/quota/policy.ts';
import { openDataset } from '../../store/dataset.ts';
import { UsageError } from '../exit.ts';
import { formatTable, note, printResult } from '../output.ts';
import { shellWord } from '../printable.ts';
import { formatCount } from '../units.ts';

interface ClientOptions {
  clientsFile?: string;
  json?: boolean;
}

/** The values of `--requests-per-minute` and the other quota options. */
type QuotaOptions = { [option in string]?: unknown };

const optionOf = (policy: QuotaPolicy): string => policy.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

function parseQuota(text: string): number {
  const quota = /^\d{1,13}$/.test(text) ? Number(text) : Number.NaN;
  if (quota <= MAX_QUOTA) return quota;
  throw new InvalidArgumentError(`It must be a whole number from 0 to ${formatCount(MAX_QUOTA)}.`);
}

/** Parses 32 bytes in hex, with or without colons, as openssl prints them. */
function parseFingerprint(text: string): string {
  const digits = text
    .replace(/^sha256 fingerprint=/i, '')
    .replaceAll(':', '')
    .toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digits)) return digits;
  throw new InvalidArgumentError('It must be a SHA-256 fingerprint: 64 hex digits, with or without colons.');
}

function fileFor(folder: string, options: ClientOptions): string {
  // With a mistyped folder, this would write a file that no server reads.
  openDataset(folder);
  return options.clientsFile ?? clientFileFor(folder);
}

const isOprfOnly = (policy: QuotaPolicy): boolean => QUOTA_POLICIES[policy].unit === 'evaluations';

/** An `hmac` server evaluates nothing, so that a quota of evaluations would limit nothing. */
function assertEffective(folder: string, quotas: Quotas): void {
  const policy = QUOTA_POLICY_NAMES.find((name) => isOprfOnly(name) && quotas[name] !== undefined);
  if (policy === undefined || openDataset(folder).parameters.suite === 'oprf') return;
  throw new UsageError(
    `--${policy} does not apply to a dataset of the hmac suite`,
    `Use --${policy.replace('evaluations', 'requests')}.`,
  );
}

/** The public part of a client, without its key digest. */
function summarize({ id, name, created, certificate, replica, quotas }: Client) {
  return { name, id, created, certificate: certificate ?? null, replica: replica ?? false, quotas };
}

function describeList(list: readonly ReturnType<typeof summarize>[], folder: string): string {
  if (list.length === 0) return `no clients; add one with: credveil client add ${shellWord(folder)} <name>`;
  return formatTable(
    ['CLIENT', 'ID', 'CREATED', 'BY', 'REPLICA', 'QUOTAS'],
    list.map(({ name, id, created, certificate, replica, quotas }) => [
      name,
      id,
      created.slice(0, 10),
      certificate === null ? 'key' : 'certificate',
      replica ? 'yes' : '-',
      describeQuotas(quotas) || '-',
    ]),
  );
}

/** Such as `600 requests/minute, 5,000 requests/day`. */
const describeQuotas = (quotas: Quotas): string =>
  QUOTA_POLICY_NAMES.flatMap((policy) => {
    const quota = quotas[policy];
    return quota === undefined ? [] : [`${formatCount(quota)} ${policy.replace('-per-', '/')}`];
  }).join(', ');

export function addClientCommands(program: Command): void {
  const client = program.command('client').description('manage the clients of a server and their quotas');
  const add = client
    .command('add')
    .description('add a client and print its key, once, to standard output')
    .argument('<dataset>', 'folder of the dataset')
    .argument('<name>', 'name in logs, metrics and `client list`')
    .option(
      '--cert-fingerprint <sha256>',
      'authenticate by this TLS client certificate instead of a key',
      parseFingerprint,
    )
    .option('--replica', 'let it hold a copy of all buckets (credveil replica pull)');
  for (const policy of QUOTA_POLICY_NAMES)
    add.option(
      `--${policy} <count>`,
      `${isOprfOnly(policy) ? 'oprf: ' : ''}maximum ${policy.replaceAll('-', ' ')} (default: no limit; 0: none at all)`,
      parseQuota,
    );
  shared(add).action((folder: string, name: string, options: ClientOptions & QuotaOptions) => {
    const quotas = Object.fromEntries(
      QUOTA_POLICY_NAMES.map((policy) => [policy, options[optionOf(policy)]]).filter(
        ([, quota]) => quota !== undefined,
      ),
    ) as Quotas;
    assertEffective(folder, quotas);
    const file = fileFor(folder, options);
    const isFirst = readClients(file) === undefined;
    const added = addClient(file, name, quotas, {
      certificate: options.certFingerprint as string | undefined,
      replica: options.replica === true,
    });
    const { keyText } = added;
    const result = { ...summarize(added.client), ...(keyText === undefined ? {} : { key: keyText }) };
    printResult(options, result, () => keyText ?? `${result.name} added; it authenticates by its certificate`);
    if (options.json) return;
    if (keyText !== undefined)
      note('This key is not stored. Hand it to the client now; running servers accept it within about a second.');
    // Adding one seems to let one more in, and keeps everybody else out.
    if (isFirst) note('This is the first client: from now on the server answers clients of this list alone.');
  });
  shared(client.command('list').description('list clients and their quotas, never their keys'))
    .argument('<dataset>', 'folder of the dataset')
    .action((folder: string, options: ClientOptions) => {
      printResult(options, (readClients(fileFor(folder, options)) ?? []).map(summarize), (list) =>
        describeList(list, folder),
      );
    });
  shared(client.command('revoke').description('revoke a client: servers refuse its key or certificate from then on'))
    .argument('<dataset>', 'folder of the dataset')
    .argument('<name>', 'name of the client')
    .action((folder: string, name: string, options: ClientOptions) => {
      const revoked = summarize(revokeClient(fileFor(folder, options), name));
      printResult(options, { revoked }, () => `${name} is revoked; running servers refuse it within about a second`);
    });
}

function shared(command: Command): Command {
  return command
    .option('--clients-file <file>', 'clients file (default: <dataset>.clients.json)')
    .option('--json', 'print the result as JSON');
}
