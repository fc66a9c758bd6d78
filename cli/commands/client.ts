// credveil client: who may ask a server, and how much.

import { type Command, InvalidArgumentError } from 'commander';
import { addClient, type Client, clientFileFor, readClients, revokeClient } from '../../access/client-file.ts';
import { MAX_QUOTA, QUOTA_POLICY_NAMES, type QuotaPolicy, type Quotas } from '../../access/quota/policy.ts';
import { openDataset } from '../../store/dataset.ts';
import { formatTable, printResult } from '../output.ts';
import { formatCount } from '../units.ts';

interface ClientOptions {
  clientsFile?: string;
  json?: boolean;
}

/** What commander makes of `--requests-per-minute` and the others. */
type QuotaOptions = { [option in string]?: unknown };

const optionOf = (policy: QuotaPolicy): string => policy.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

function parseQuota(text: string): number {
  const quota = /^\d{1,13}$/.test(text) ? Number(text) : Number.NaN;
  if (quota <= MAX_QUOTA) return quota;
  throw new InvalidArgumentError(`Not a whole number from 0 to ${formatCount(MAX_QUOTA)}.`);
}

/** 32 bytes in hex, with or without colons, as openssl and others print them. */
function parseFingerprint(text: string): string {
  const digits = text
    .replace(/^sha256 fingerprint=/i, '')
    .replaceAll(':', '')
    .toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digits)) return digits;
  throw new InvalidArgumentError('Not a SHA-256 fingerprint: 64 hex digits, with or without colons.');
}

function fileFor(folder: string, options: ClientOptions): string {
  // A mistyped folder would make a list that no server reads.
  openDataset(folder);
  return options.clientsFile ?? clientFileFor(folder);
}

/** What of a client may be shown: nothing that helps to guess its key. */
function summarize({ id, name, created, certificate, quotas }: Client) {
  return { name, id, created, certificate: certificate ?? null, quotas };
}

function describeList(list: readonly ReturnType<typeof summarize>[]): string {
  if (list.length === 0) return 'no clients yet: credveil client add adds one';
  return formatTable(
    ['CLIENT', 'ID', 'CREATED', 'KNOWN BY', ...QUOTA_POLICY_NAMES.map((policy) => policy.toUpperCase())],
    list.map(({ name, id, created, certificate, quotas }) => [
      name,
      id,
      created,
      certificate === null ? 'key' : 'certificate',
      ...QUOTA_POLICY_NAMES.map((policy) => (quotas[policy] === undefined ? '-' : formatCount(quotas[policy]))),
    ]),
  );
}

export function addClientCommands(program: Command): void {
  const client = program.command('client').description('who may ask a server, and how much');
  const add = client
    .command('add')
    .description('add a client; its key is printed once, on standard output')
    .argument('<dataset>', 'folder of the dataset')
    .argument('<name>', 'what logs, metrics and `client list` call it')
    .option('--cert-fingerprint <sha256>', 'known by this TLS client certificate instead of a key', parseFingerprint);
  for (const policy of QUOTA_POLICY_NAMES)
    add.option(`--${policy} <count>`, `at most so many ${policy.replaceAll('-', ' ')} (default: no limit)`, parseQuota);
  shared(add).action((folder: string, name: string, options: ClientOptions & QuotaOptions) => {
    const quotas = Object.fromEntries(
      QUOTA_POLICY_NAMES.map((policy) => [policy, options[optionOf(policy)]]).filter(
        ([, quota]) => quota !== undefined,
      ),
    ) as Quotas;
    const added = addClient(fileFor(folder, options), name, quotas, options.certFingerprint as string | undefined);
    const { keyText } = added;
    const result = { ...summarize(added.client), ...(keyText === undefined ? {} : { key: keyText }) };
    printResult(options, result, () => keyText ?? `${result.name} is known by its certificate`);
    if (!options.json && keyText !== undefined)
      process.stderr.write(
        'This key is not kept anywhere: hand it over now. A server knows it within a second or so.\n',
      );
  });
  shared(client.command('list').description('list clients and their quotas, never their keys'))
    .argument('<dataset>', 'folder of the dataset')
    .action((folder: string, options: ClientOptions) => {
      printResult(options, (readClients(fileFor(folder, options)) ?? []).map(summarize), describeList);
    });
  shared(client.command('revoke').description('take a client out: its key is refused from then on'))
    .argument('<dataset>', 'folder of the dataset')
    .argument('<name>', 'name of the client')
    .action((folder: string, name: string, options: ClientOptions) => {
      const revoked = summarize(revokeClient(fileFor(folder, options), name));
      printResult(options, { revoked }, () => `${name} is revoked; a running server refuses it within a second or so`);
    });
}

function shared(command: Command): Command {
  return command
    .option('--clients-file <file>', 'file of the clients (default: <dataset>.clients.json)')
    .option('--json', 'print the result as JSON');
}
