// How many of an operator's own users share a prefix, and what larger buckets cost.

import { type Command, Option } from 'commander';
import { TAG_BITS } from '../protocol/entry.ts';
import {
  DEFAULT_USERS_PER_PREFIX,
  isUsers,
  MAX_USERS,
  type PrefixParameters,
  userPrefixBits,
} from '../store/prefix-parameters.ts';
import { choosePrefixBits } from '../store/snapshot/publication.ts';
import { UsageError } from './exit.ts';
import { formatBytes, formatCount, formatCounted, formatMean } from './units.ts';

export interface UserOptions {
  readonly users?: string;
  readonly usersPerPrefix?: string;
}

/** @throws UsageError */
function parseCount(option: string, text: string): number {
  const count = /^\d{1,11}$/.test(text) ? Number(text) : Number.NaN;
  if (isUsers(count)) return count;
  throw new UsageError(
    `${option} must be a whole number from 1 to ${MAX_USERS}`,
    `Write it in digits, such as ${option} 1000000. It may be rounded: only the order of magnitude matters.`,
  );
}

/** @throws UsageError */
export function parseUsers({ users, usersPerPrefix }: UserOptions) {
  if (users === undefined && usersPerPrefix !== undefined)
    throw new UsageError('--users-per-prefix needs --users', 'Add --users with the number of your users.');
  if (users === undefined) return {};
  return {
    users: parseCount('--users', users),
    usersPerPrefix:
      usersPerPrefix === undefined ? DEFAULT_USERS_PER_PREFIX : parseCount('--users-per-prefix', usersPerPrefix),
  };
}

export function addUserOptions(command: Command): Command {
  return command
    .option('--users <n>', 'number of your own users: bounds the prefix, so that enough of them share one')
    .addOption(
      new Option('--users-per-prefix <n>', 'with --users: minimum of your users on an average prefix').default(
        undefined,
        String(DEFAULT_USERS_PER_PREFIX),
      ),
    );
}

/** Corpora, in pairs, for which `init` predicts the length of an answer. */
const PREDICTED_PAIRS = [10 ** 6, 10 ** 8, 10 ** 9];
/** Average number of similarity forms of a password. */
const SIMILAR_FORMS = 3.5;
/**
 * Mean of the gap between a Golomb-Rice code and the lower bound of a set of tags, plus log2(e).
 */
const CODE_BITS = 1.5;

interface AnswerParameters extends PrefixParameters {
  readonly metadataBytes: number;
  readonly similar?: true;
}

/** The length of an average bucket of the account index, if each username leaked once. */
function predictAnswerBytes(pairs: number, parameters: AnswerParameters): number {
  const entries = pairs * (2 + (parameters.similar ? SIMILAR_FORMS : 0));
  const inBucket = entries / 2 ** choosePrefixBits('account', pairs, parameters);
  return Math.round((inBucket * (TAG_BITS - Math.log2(inBucket) + CODE_BITS + 8 * parameters.metadataBytes)) / 8);
}

/** What the bound of `users` means. Undefined without one. */
export function describeUsers(parameters: AnswerParameters): string | undefined {
  const { users, usersPerPrefix = DEFAULT_USERS_PER_PREFIX, ...unbounded } = parameters;
  if (users === undefined) return undefined;
  const bits = userPrefixBits(parameters);
  const costs = PREDICTED_PAIRS.map((pairs) => {
    const [bytes, without] = [parameters, unbounded].map((bounds) => predictAnswerBytes(pairs, bounds)) as [
      number,
      number,
    ];
    const instead = bytes === without ? '' : ` instead of ${formatBytes(without)}`;
    return `${formatBytes(bytes)}${instead} at ${formatCount(pairs)} pairs`;
  });
  return [
    `at most ${formatCounted(bits, 'prefix bit')}: ${formatMean(users / 2 ** bits)} of your ${formatCounted(users, 'user')} share a prefix (${formatCount(usersPerPrefix)} wanted)`,
    `answers are larger for it: about ${costs.join(', ')}`,
    ...(parameters.suite === 'oprf' && !parameters.splitRoles
      ? [`an evaluator with a list of names learns which 1 in ${formatCount(2 ** bits)} of them is checked`]
      : []),
  ].join('\n');
}
