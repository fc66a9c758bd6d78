// Rules that cannot be loaded, each at its place.

import { REQUEST_SCHEME } from '../fields/request-fields.ts';
import { UNSEEN_FIELDS } from '../forward-auth/unseen-fields.ts';
import { configuredName } from '../lists/list-names.ts';
import { LISTS_SCHEMA, type ListsConfig } from '../lists/list-schema.ts';
import { expressionsOf } from '../login/compile-logins.ts';
import { type LoginConfig, unknownPresets } from '../login/login-config.ts';
import { createSessionGuard } from '../login/session-guard.ts';
import { MAX_RULES, type RuleConfig } from '../phases/rules/rule-config.ts';
import { prepareRule } from '../phases/rules/rules.ts';
import type { FindList } from '../rules/compile-expression.ts';
import { compileRule, parseRule } from '../rules/rule.ts';
import { suggestName } from '../rules/schema/suggest.ts';
import { RuleError } from '../rules/syntax/rule-error.ts';
import { isObject } from './compare.ts';
import type { Conflict, Path } from './fault.ts';
import type { GatewayConfig } from './schema.ts';

export function ruleFaults({ rules, apps, lists, forwardAuth }: GatewayConfig): Conflict[] {
  const around: Surroundings = { lists, findList: listsByKind(lists), unseen: forwardAuth ? UNSEEN_FIELDS : NONE };
  return [
    ...faultsOf(rules, ['rules'], around),
    ...Object.entries(apps).flatMap(([name, app]) => [
      ...faultsOf(app.rules, ['apps', name, 'rules'], around),
      ...loginFaults(app.login, ['apps', name, 'login'], around),
    ]),
  ];
}

/**
 * Conditions of rules that are wrong whatever stands around them, in a configuration that the
 * schema refuses: told with its mistakes.
 */
export function expressionFaults(value: unknown): Conflict[] {
  if (!isObject(value)) return [];
  const lists = LISTS_SCHEMA.safeParse(value.lists ?? {}).data;
  const apps = isObject(value.apps) ? Object.entries(value.apps) : [];
  const sets: (readonly [Path, unknown])[] = [
    [['rules'], value.rules],
    ...apps.map(([name, app]) => [['apps', name, 'rules'], isObject(app) ? app.rules : undefined] as const),
  ];
  return sets.flatMap(([path, rules]) =>
    (Array.isArray(rules) ? rules.slice(0, MAX_RULES) : []).flatMap((rule: unknown, i): Conflict[] => {
      const when = isObject(rule) ? rule.when : undefined;
      return typeof when === 'string' && when !== '' ? conditionFault(when, [...path, i, 'when'], lists) : [];
    }),
  );
}

/** @param lists undefined if they are wrong themselves: a condition may then name any */
function conditionFault(source: string, path: Path, lists: ListsConfig | undefined): Conflict[] {
  try {
    const rule = parseRule(source);
    if (lists) compileRule(rule, REQUEST_SCHEME, listsByKind(lists));
    return [];
  } catch (error) {
    return [{ path, ...described(error, source, lists ?? {}) }];
  }
}

interface Surroundings {
  readonly lists: ListsConfig;
  readonly findList: FindList;
  /** Fields that the proxies which ask do not send. */
  readonly unseen: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

/** `constructor` is no list, unless there is one of that name. */
const ownList = (lists: ListsConfig, name: string): ListsConfig[string] | undefined =>
  Object.hasOwn(lists, configuredName(name)) ? lists[configuredName(name)] : undefined;

/** Lists that exist, and hold nothing. */
export const listsByKind =
  (lists: ListsConfig): FindList =>
  (name) => {
    const list = ownList(lists, name);
    if (!list) return undefined;
    return list.kind === 'ip' ? { kind: 'ip', has: () => false } : { kind: 'string', has: () => false };
  };

function faultsOf(rules: readonly RuleConfig[], path: Path, { lists, findList, unseen }: Surroundings): Conflict[] {
  return rules.flatMap((rule, i): Conflict[] => {
    const target = listFault(rule, lists);
    if (target) return [{ path: [...path, i, 'do', 'addToList', 'list'], ...target }];
    try {
      const { compiled } = prepareRule(rule, '', findList);
      const missing = [...compiled.fields].filter((field) => unseen.has(field));
      return missing.map((field) => ({
        path: [...path, i, 'when'],
        message: `reads ${field}, which a proxy that asks (forwardAuth) does not send`,
        hint: 'Remove the rule, or let the gateway itself stand before the application.',
      }));
    } catch (error) {
      return [{ path: [...path, i, 'when'], ...described(error, rule.when, lists) }];
    }
  });
}

function loginFaults(login: LoginConfig | undefined, path: Path, around: Surroundings): Conflict[] {
  if (!login) return [];
  const { locations, mayBeginSession: source } = login;
  const unknown = unknownPresets(login).map((fault) => ({ path, ...fault }));
  const ofLocations = locations.flatMap((location, i) =>
    expressionsOf(location).flatMap(({ key, ...rest }) => faultOf(rest, [...path, 'locations', i, key], around)),
  );
  if (source === undefined) return [...unknown, ...ofLocations];
  const check = (findList: FindList): void =>
    void createSessionGuard([{ sessionCookies: ['*'], mayBeginSession: source }], findList);
  return [...unknown, ...ofLocations, ...faultOf({ source, check }, [...path, 'mayBeginSession'], around)];
}

function faultOf(
  { source, check }: { readonly source: string; check(findList: FindList): void },
  path: Path,
  { lists, findList }: Surroundings,
): Conflict[] {
  try {
    check(findList);
    return [];
  } catch (error) {
    return [{ path, ...described(error, source, lists) }];
  }
}

/** Where in an expression it is wrong, and what was meant. */
function described(error: unknown, source: string, lists: ListsConfig): Omit<Conflict, 'path'> {
  if (!(error instanceof RuleError)) throw error;
  const { code, span, message, excerpt, line, column } = error;
  const meant = code === 'LIST_UNKNOWN' ? nearestList(source.slice(span.start + 1, span.end), lists) : undefined;
  const hint = meant === undefined ? error.hint : `Did you mean $${meant}?`;
  return { message: `(line ${line}, column ${column} of it) ${message}`, hint, excerpt };
}

type Said = Pick<Conflict, 'message' | 'hint'>;

/** Why `addToList` cannot put an address into its list. */
function listFault({ do: action }: RuleConfig, lists: ListsConfig): Said | undefined {
  if (action.kind !== 'addToList') return undefined;
  const { list: name } = action.addToList;
  const list = ownList(lists, name);
  if (list?.observed) return undefined;
  if (list) return { message: 'names a list that takes no addresses', hint: 'Give that list observed: {}.' };
  const meant = nearestList(name.replace(/^\$/, ''), lists);
  const hint = meant === undefined ? 'Add it to lists, with observed: {}.' : `Did you mean ${meant}?`;
  return { message: 'names no list of the configuration', hint };
}

const nearestList = (name: string, lists: ListsConfig): string | undefined => suggestName(name, Object.keys(lists));
