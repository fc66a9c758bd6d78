// From presets and locations of a configuration to the logins that requests are matched with.

import type { FindList } from '../rules/compile-expression.ts';
import { compileSource } from '../rules/compile-source.ts';
import { isOfBrowser, type Login } from './attempt.ts';
import { COMMON_PASSWORDS } from './common-fields.ts';
import type { LocationConfig } from './location.ts';
import type { LoginConfig } from './login-config.ts';
import { LOGIN_SCHEME } from './login-fields.ts';
import { compileOutcome } from './outcome.ts';
import { PRESETS } from './preset.ts';
import { type FieldReference, parseReference } from './reference.ts';
import { SPELLINGS } from './spellings.ts';

/** What a location of the operator's own adds to it, or a preset. */
type Origin = Pick<Login, 'preset' | 'changePassword' | 'spelling' | 'anyScheme'> & {
  /** Of all presets of the application, which any of its logins may begin. */
  readonly sessionCookies: readonly string[];
  /** Those of the operator's own. */
  readonly provingCookies: readonly string[];
};

const NO_COOKIES = { sessionCookies: [], provingCookies: [] };
/** Of a login that nobody has described. */
const OF_NOBODY: Origin = { preset: undefined, changePassword: undefined, spelling: undefined, ...NO_COOKIES };

/**
 * The operator's own first, then those of the presets in their order.
 * @throws {RuleError} for a list that does not exist
 */
export function compileLogins(config: LoginConfig, findList: FindList): readonly Login[] {
  const { presets: names, locations, sessionCookies: ownCookies, hold } = config;
  const presets = names.flatMap((name) => PRESETS.get(name) ?? []);
  const sessionCookies = [...presets.flatMap((preset) => preset.sessionCookies), ...ownCookies];
  const cookies = { sessionCookies, provingCookies: ownCookies };
  const ofOperator = { ...cookies, preset: undefined, spelling: undefined };
  const own = locations.map((location) =>
    compileLogin(location, { ...ofOperator, changePassword: location.changePassword }, findList),
  );
  const ofPresets = presets.flatMap(({ name, logins, changePassword, spelling: named, anyScheme }) => {
    const spelling = named && SPELLINGS[named];
    const origin = { ...cookies, preset: name, spelling, anyScheme, changePassword: changePassword?.path };
    return logins.map((location) => compileLogin(location, origin, findList));
  });
  const all = [...own, ...ofPresets];
  return hold ? [...all.map(withOthers), ...elsewhereOf(all, findList), spareLogin(findList)] : all;
}

const ofPreset = (name: string) => PRESETS.get(name)?.logins ?? [];

/**
 * An application may take a password under another name as well: of two in one request, which one
 * is not known.
 */
const withOthers = (login: Login): Login =>
  login.passwords.some(isOfBody) ? { ...login, otherPasswords: COMMON_PASSWORDS } : login;

/**
 * Routers take more paths for that of a form than anybody knows, and applications take fields from
 * query, path and cookies alike: where logins can be held back, the names of its fields suffice,
 * that of the name and that of the password.
 */
function elsewhereOf(all: readonly Login[], findList: FindList): readonly Login[] {
  const [location] = ofPreset('generic');
  const forms = all.filter(({ passwords }) => passwords.some(isOfBody));
  if (!location || forms.length === 0) return [];
  const elsewhere = compileLogin({ ...location, name: 'elsewhere', when: ANYWHERE }, OF_NOBODY, findList);
  const hasName = ({ usernames }: Login): boolean => usernames.some(isOfBody);
  const groups = [forms.filter(hasName), forms.filter((login) => !hasName(login))];
  return groups
    .filter(({ length }) => length > 0)
    .map((group) => ({
      ...elsewhere,
      usernames: group.flatMap(({ usernames }) => usernames).filter(isOfBody),
      passwords: group.flatMap(({ passwords }) => passwords).filter(isOfBody),
      isElsewhere: true,
    }));
}

const ANYWHERE = 'starts_with(http.request.uri.path, "/")';

const isOfBody = ({ place }: FieldReference): boolean => place === 'body';

/** Many applications begin a session by `Basic` at any page, whatever their locations are. */
function spareLogin(findList: FindList): Login {
  const [location] = ofPreset('basic');
  if (!location) throw new TypeError('there is no preset basic');
  return { ...compileLogin(location, OF_NOBODY, findList), isSpare: true };
}

/** @throws {RuleError} */
export function compileLogin(
  { name, when, username, password, success, failure, secondFactor, proves, ...location }: LocationConfig,
  { sessionCookies, provingCookies, ...origin }: Origin,
  findList: FindList,
): Login {
  const passwords = listOf(password).map(parseReference);
  const cookies = { sessionCookies, provingCookies };
  const beginsSession = location.beginsSession ?? isOfBrowser({ passwords });
  const rule = compileSource(when, LOGIN_SCHEME, findList);
  const isAnywhere = !rule.fields.has('http.request.uri.path') && [...rule.fields].some(isOfFields);
  return {
    name,
    ...origin,
    when: rule,
    usernames: listOf(username).map(parseReference),
    passwords,
    outcome: compileOutcome(
      { success, failure, secondFactor, proves, isAnywhere, ...(beginsSession ? cookies : NO_COOKIES) },
      findList,
    ),
    beginsSession,
  };
}

const isOfFields = (field: string): boolean =>
  field.startsWith('http.request.body.form') || field.startsWith('http.request.uri.args');

interface CheckedExpression {
  readonly key: 'when' | 'username' | 'password' | 'success' | 'failure' | 'secondFactor';
  readonly source: string;
  /** @throws {RuleError} */
  check(findList: FindList): void;
}

/** The expressions of a location. */
export function expressionsOf({
  when,
  username,
  password,
  success,
  failure,
  secondFactor,
}: LocationConfig): readonly CheckedExpression[] {
  const places = (key: 'username' | 'password', sources: string | readonly string[] | undefined) =>
    listOf(sources).map((source) => ({ key, source, check: () => void parseReference(source) }));
  return [
    { key: 'when', source: when, check: (findList) => void compileSource(when, LOGIN_SCHEME, findList) },
    ...places('username', username),
    ...places('password', password),
    ...outcomes('success', success),
    ...outcomes('failure', failure),
    ...outcomes('secondFactor', secondFactor),
  ];
}

const outcomes = (
  key: 'success' | 'failure' | 'secondFactor',
  source: string | undefined,
): readonly CheckedExpression[] =>
  source === undefined
    ? []
    : [{ key, source, check: (findList) => void compileOutcome({ [key]: source, sessionCookies: [] }, findList) }];

const listOf = (sources: string | readonly string[] | undefined): readonly string[] => [sources ?? []].flat();
