// credveil canary: accounts to plant in one's own user table, of which a corpus that holds one is a
// copy.

import fs from 'node:fs';
import type { Command } from 'commander';
import { normalizePassword, USERNAME_RULES } from '../../protocol/normalize.ts';
import { createUsernameRewrite } from '../../protocol/username-rules.ts';
import { openDataset } from '../../store/dataset.ts';
import { dayOf } from '../../store/day.ts';
import { openNameList, readListedNames, readNameList, writeNameList } from '../../store/retention/name-file.ts';
import { createPlantedAccount, type PlantedAccount } from '../../store/retention/planted-account.ts';
import { findPlantedRuns } from '../../store/retention/planted-runs.ts';
import { createSpelling } from '../../store/retention/usernames.ts';
import { nameEntry, pairEntry } from '../../store/run/removal.ts';
import { openRuns } from '../../store/run/run.ts';
import { UsageError } from '../exit.ts';
import { openKeyFile } from '../key-files.ts';
import { assertNewFiles } from '../match/result-files.ts';
import { parseCount } from '../memory.ts';
import { assertFolderOf, assertNotPart, keyFileFor, withDataset } from '../open.ts';
import { formatTable, note, printResult } from '../output.ts';
import { printable, shellWord } from '../printable.ts';
import { describeSightings, type Sighting, sightingsIn } from '../retention/canaries.ts';
import { createEntrySuite } from '../retention/entry-suite.ts';
import { formatCounted } from '../units.ts';

interface AddOptions {
  count: number;
  domain: string;
  crackable?: boolean;
  out?: string;
  keyFile?: string;
  json?: boolean;
}

const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/;

/** @throws UsageError */
function parseDomain(text: string): string {
  const domain = text.toLowerCase();
  if (DOMAIN.test(domain)) return domain;
  throw new UsageError('--domain must be a domain', 'Name one whose mail you receive, such as --domain example.com.');
}

const rewrite = createUsernameRewrite(USERNAME_RULES);

const toCsv = (accounts: readonly PlantedAccount[]): string =>
  [
    'id,username,email,password',
    ...accounts.map(({ id, username, email, password }) => [id, username, email, password].join(',')),
  ].join('\n');

async function addCanaries(folder: string, options: AddOptions): Promise<void> {
  const { count, domain, crackable = false, out } = options;
  assertNotPart('--out', out);
  if (out !== undefined) assertFolderOf(out);
  assertNewFiles({ ...(out !== undefined && { out }) });
  const accounts = await withDataset(folder, options, async ({ dataset, key }) => {
    const list = openNameList(dataset, key);
    const spell = createSpelling(dataset.parameters);
    const today = dayOf(Date.now());
    const suite = await createEntrySuite(key);
    const made = Array.from({ length: count }, () => createPlantedAccount(domain, crackable));
    // Guards of an ingest look for the second one where a corpus spells the name differently.
    for (const { id, username, email, password } of made)
      for (const name of [username, email].map(spell))
        for (const spelling of [name, rewrite(name)]) {
          const secret = normalizePassword(password);
          // For runs of other machines, whose ingest did not look.
          const entries = { entry: nameEntry(suite, spelling), pairEntry: pairEntry(suite, spelling, secret) };
          list.plant(id, spelling, secret, today, entries);
        }
    // Before the list: an account that nobody was given could never be planted.
    if (out !== undefined) fs.writeFileSync(out, `${toCsv(made)}\n`, { mode: 0o600, flag: 'wx' });
    writeNameList(dataset, key, list);
    return made;
  });
  if (out === undefined) printResult(options, { accounts }, () => toCsv(accounts));
  else
    printResult(
      options,
      { out, ids: accounts.map(({ id }) => id) },
      () => `${accounts.length} written to ${printable(out)}`,
    );
  if (options.json) return;
  note(
    `${formatCounted(count, 'canary account')}: their names and passwords are not kept. Insert them into your user table now, with its own password hashing, and let none of them log in.`,
  );
}

interface CanaryRow {
  readonly id: string;
  readonly added: string;
  readonly seen: readonly Sighting[];
}

/** With the key of the dataset at hand, runs that were made elsewhere count too. */
function listCanaries(folder: string, options: { readonly keyFile?: string }): CanaryRow[] {
  const dataset = openDataset(folder);
  const runs = openRuns(dataset);
  const keyFile = keyFileFor(folder, options.keyFile);
  const hasKey = options.keyFile !== undefined || fs.existsSync(keyFile);
  const copied = findPlantedRuns(runs, hasKey ? readNameList(dataset, openKeyFile(keyFile)) : undefined);
  const seen = [
    ...sightingsIn(runs),
    ...copied.flatMap(({ run, found }) => found.map((one) => ({ ...one, source: run.facts.source }))),
  ];
  const added = new Map(
    (readListedNames(dataset) ?? []).flatMap(({ kind, id, added: day }) =>
      kind === 'planted' && id !== undefined ? [[id, day] as const] : [],
    ),
  );
  return [...added].map(([id, day]) => ({ id, added: day, seen: seen.filter((sighting) => sighting.id === id) }));
}

export function addCanary(program: Command): void {
  const canary = program
    .command('canary')
    .description('accounts to plant in your own user table: a corpus that holds one raises an alarm');
  canary
    .command('add')
    .description('make canary accounts and print them, once, as CSV')
    .argument('<dataset>', 'folder of the dataset')
    .requiredOption('--count <n>', 'number of accounts', parseCount('--count'))
    .requiredOption('--domain <domain>', 'domain of their e-mail addresses', parseDomain)
    .option('--crackable', 'passwords that come to light if someone cracks stolen hashes (default: unguessable ones)')
    .option('--out <file>', 'write them to a new file with mode 0600 instead')
    .option('--key-file <file>', 'key of the dataset (default: <dataset>.key)')
    .option('--json', 'print the result as JSON')
    .action(addCanaries);
  canary
    .command('list')
    .description('list canary accounts by id, and the sources that hold them')
    .argument('<dataset>', 'folder of the dataset')
    .option('--key-file <file>', 'key of the dataset, for runs that were copied in (default: <dataset>.key)')
    .option('--json', 'print the result as JSON')
    .action((folder: string, options: { keyFile?: string; json?: boolean }) => {
      printResult(options, listCanaries(folder, options), (rows) =>
        rows.length === 0
          ? `no canary accounts; add some with: credveil canary add ${shellWord(folder)} --count 5 --domain <domain>`
          : formatTable(
              ['CANARY', 'ADDED', 'SEEN IN'],
              rows.map(({ id, added, seen }) => [id, added, describeSightings(seen) || '-']),
            ),
      );
    });
  canary
    .command('remove')
    .description('forget a canary account, by its id')
    .argument('<dataset>', 'folder of the dataset')
    .argument('<id>', 'its id')
    .option('--key-file <file>', 'key of the dataset (default: <dataset>.key)')
    .option('--json', 'print the result as JSON')
    .action(async (folder: string, id: string, options: { keyFile?: string; json?: boolean }) => {
      await withDataset(folder, options, async ({ dataset, key }) => {
        const list = openNameList(dataset, key);
        if (!list.uproot(id))
          throw new UsageError(
            'there is no canary account of this id',
            `List them: credveil canary list ${shellWord(folder)}`,
          );
        writeNameList(dataset, key, list);
      });
      printResult(options, { removed: id }, () => `canary ${id} is forgotten`);
    });
}
