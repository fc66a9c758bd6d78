// match --names-only: which accounts stand in which sources of a dataset.

import { MatchError } from '../../match/errors.ts';
import type { NameRow } from '../../match/names/dataset-names.ts';
import { openUsernameRuns } from '../../match/names/username-runs.ts';
import { assertKeyBelongs, openDataset } from '../../store/dataset.ts';
import { assertOutside } from '../../store/key-file.ts';
import { readNameList } from '../../store/retention/name-file.ts';
import { openKeyFile } from '../key-files.ts';
import { keyFileFor } from '../open.ts';
import { note } from '../output.ts';
import { createEntrySuite } from '../retention/entry-suite.ts';
import { formatCount, formatCounted } from '../units.ts';
import { describeUsers } from './describe.ts';
import { readUsersInto, type UsersOptions } from './users.ts';

export interface NamesOptions extends UsersOptions {
  keyFile?: string;
}

export interface NamesResult {
  readonly rows: readonly NameRow[];
  /** Accounts without a name, by id. */
  readonly unchecked: readonly { readonly account: string; readonly reason: 'no-name' }[];
  readonly accounts: number;
  readonly userRejects: { readonly [reason: string]: number };
}

/** @throws StoreError, MatchError, UsageError */
export async function matchNames(
  usersName: string,
  folder: string,
  options: NamesOptions,
  signal: AbortSignal,
): Promise<NamesResult> {
  const dataset = openDataset(folder);
  const keyFile = keyFileFor(folder, options.keyFile);
  assertOutside(keyFile, folder);
  const key = openKeyFile(keyFile);
  assertKeyBelongs(dataset, key);
  const runs = openUsernameRuns(dataset, 'Name a dataset of usernames, or match corpora with --against.');
  const { DatasetNames } = await import('../../match/names/dataset-names.ts');
  const names = new DatasetNames(await createEntrySuite(key), dataset.parameters, readNameList(dataset, key));
  await readUsersInto(names, usersName, options, signal, false);
  if (names.accounts === 0 || names.nameless.length === names.accounts)
    throw new MatchError(
      'USERS_EMPTY',
      names.accounts === 0 ? 'the user table has no accounts' : 'no account of the user table has a name',
      'Check the names in --columns, and that the export finished.',
    );
  const rows = runs.flatMap((run) => {
    signal.throwIfAborted();
    return names.findIn(run);
  });
  const unchecked = names.nameless.map((account) => ({ account, reason: 'no-name' as const }));
  return { rows, unchecked, accounts: names.accounts, userRejects: names.rejects };
}

export function noteNames({ rows, unchecked, accounts, userRejects }: NamesResult): void {
  const found = new Set(rows.map(({ account }) => account)).size;
  for (const line of describeUsers(accounts, userRejects)) note(line);
  if (unchecked.length > 0) note(`NOT CHECKED: ${formatCounted(unchecked.length, 'account')} without a name`);
  note(`found: ${formatCounted(found, 'account')} whose name stands in a source (${formatCount(rows.length)} rows)`);
}
