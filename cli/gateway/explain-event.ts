// credveil gateway explain: every field and rule of one recorded request.

import fs from 'node:fs';
import path from 'node:path';
import { ANSWER_KINDS, type AnswerCode } from '../../gateway/answers/kinds.ts';
import { readConfig } from '../../gateway/config/read.ts';
import type { GatewayConfig } from '../../gateway/config/schema.ts';
import type { DecisionEnd } from '../../gateway/record/decision.ts';
import type { Decision } from '../../gateway/record/decision-schema.ts';
import { readRecord } from '../../gateway/record/read-record.ts';
import { explainRecorded, type ReplayedRule } from '../../gateway/replay.ts';
import { UsageError } from '../exit.ts';
import { formatTable, printResult } from '../output.ts';
import { shellWord } from '../printable.ts';
import { listsOf, withSetup } from './offline-setup.ts';
import { describeParts, word } from './rules-test.ts';

export interface RecordFlags {
  readonly config: string;
  readonly state?: string;
  readonly json?: boolean;
}

export type ExplainFlags = RecordFlags;

interface Explained {
  readonly decision: Decision;
  /** As the configuration has them now. */
  readonly rules: readonly ReplayedRule[];
  /** The rules are those that decided. */
  readonly isUnchanged: boolean;
}

export async function explainEvent(id: string, flags: ExplainFlags): Promise<void> {
  const config = readConfig(flags.config);
  const decision = await find(id.replace(/^urn:credveil:request:/, ''), stateOf(config, flags));
  const lists = listsOf(config);
  await lists.load();
  const { rules, digest } = await withSetup(config, { lists, onEvent: () => undefined }, (setup) =>
    explainRecorded(decision, setup),
  );
  printResult(flags, { decision, rules, isUnchanged: digest === decision.config.rules }, (explained) =>
    describe(explained, flags.config),
  );
}

/** @throws UsageError if nothing can be there */
export function stateOf({ stateDirectory = '.', record }: GatewayConfig, { state }: RecordFlags): string {
  const directory = state ?? stateDirectory;
  if (fs.existsSync(path.join(directory, 'record'))) return directory;
  const off = record === 'off' && state === undefined;
  throw new UsageError(
    off ? 'this configuration keeps no record' : `${directory} has no record of decisions`,
    off ? 'Remove record: off from it.' : 'Name the stateDirectory of the gateway that decided: --state <directory>.',
  );
}

/** Ids are random: the last one is the one that is asked for. */
async function find(id: string, state: string): Promise<Decision> {
  let found: Decision | undefined;
  for await (const decision of readRecord(state, 0)) if (decision.id === id) found = decision;
  if (found) return found;
  throw new UsageError(
    'no recorded request has this id',
    'Take the id from an event or an answer. Recorded are logins, and requests on which a rule or limit acted, as long as record.hours and record.maxBytes say.',
  );
}

function describe({ decision, rules, isUnchanged }: Explained, config: string): string {
  const { id, at, app, end, readings, isMasked, fields, unknown, login, held, address, network } = decision;
  const [path = '', ...others] = readings;
  const rows = [
    ['request', id],
    ['time', new Date(at).toISOString()],
    ['app', app],
    ['end', describeEnd(end)],
    ...('refused' in end && end.ban !== undefined ? [['ban', end.ban]] : []),
    ['path', `${path}${isMasked ? ' (parts that may be secrets are masked)' : ''}`],
    ...others.map((reading) => ['read as', reading]),
    ['client', address ?? `not recorded (logAddresses)${network === undefined ? '' : `, network ${network}`}`],
    ...(login ? [['login', describeLogin(login)]] : []),
    ...(held ? [['held', HELD[held]]] : []),
    ...Object.entries(fields).map(([name, value]) => [name, describeValue(value)]),
    ...unknown.map((name) => [name, 'unknown']),
  ];
  const changed = isUnchanged ? [] : ['The rules have changed since. They are shown as they are now.'];
  const lift = 'refused' in end && end.ban !== undefined ? describeLift(end.ban, config) : [];
  const judge = 'refused' in end && OF_POLICIES.has(end.refused) ? describeJudging(app, path, config) : [];
  const parts = rules.length === 0 ? ['no rules'] : rules.flatMap((rule) => describeRule(rule, decision));
  return [formatTable(['', ''], rows).trimStart(), '', ...lift, ...judge, ...changed, ...parts].join('\n');
}

function describeRule(rule: ReplayedRule, { matches, readings }: Decision): string[] {
  const { name, action, outcome, untold, reading, parts } = rule;
  const acted = matches.some((match) => match.rule === name && !match.isUnknown);
  const result = untold.length > 0 ? `cannot tell: ${untold.join(', ')} not recorded` : word(outcome);
  const read = reading === readings[0] ? '' : `, path read as ${reading}`;
  return [`rule   ${name} (${action}): ${result}${read}${acted ? ', applied' : ''}`, ...describeParts(parts, 1)];
}

const describeLift = (ban: string, config: string): string[] => [
  'If the ban is still in force, this lifts it:',
  `  credveil gateway limits lift ${ban} --config ${config}`,
  '',
];

/** Answers of the policies of an application, which a record does not have. */
const OF_POLICIES: ReadonlySet<string> = new Set(['ACCESS_DENIED', 'SIGN_IN_REQUIRED', 'FACTOR_NEEDED']);

const describeJudging = (app: string, path: string, config: string): string[] => [
  'Policies are not recorded. This shows what each is now; add --user, --group, --address …:',
  `  credveil gateway access test --app ${shellWord(app)} --path ${shellWord(path)} --config ${shellWord(config)}`,
  '',
];

export function describeEnd(end: DecisionEnd): string {
  if ('forwarded' in end) return `forwarded, answered with ${end.forwarded}`;
  if ('blockedBy' in end) return `blocked by ${end.blockedBy} with ${end.status}`;
  if (end.refused === 'REDIRECTED') return 'redirected by the gateway';
  const status = isAnswer(end.refused) ? ` with ${ANSWER_KINDS[end.refused].status}` : '';
  const by =
    end.limit !== undefined
      ? ` by the limit ${end.limit}`
      : end.policy === undefined
        ? ''
        : ` by the policy ${end.policy}`;
  return `refused${status}: ${end.refused}${by}`;
}

const isAnswer = (code: string): code is AnswerCode => Object.hasOwn(ANSWER_KINDS, code);

/** Of logins with a leaked password. What became of one that waits, events tell. */
const HELD: { readonly [How in NonNullable<Decision['held']>]: string } = {
  held: 'until its owner confirms it; login-abandoned with this id tells that nobody did',
  waiting: 'its program waited for its owner; login-released or login-abandoned with this id tells its end',
  refused: 'nobody could confirm it: its client got an answer to a wrong password',
  full: 'no place was left to wait: refused',
};

const describeLogin = ({ name, outcome, verdict, user }: NonNullable<Decision['login']>): string =>
  [`${name}: ${outcome ?? 'not forwarded'}`, verdict, user].filter((part) => part !== undefined).join(', ');

function describeValue(value: Decision['fields'][string]): string {
  if (value === null) return 'none';
  if (value === '') return 'empty';
  return Array.isArray(value) ? value.join(', ') : String(value);
}
