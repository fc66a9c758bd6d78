// What an application takes for the credential of the test account, asked of the application
// itself: a password that it takes in another spelling would not be found among those that leaked,
// nor would one whose name it does not read from the login.

import { randomBytes } from 'node:crypto';
import { spellingsOf } from '../checks/password-spellings.ts';
import { folded } from '../login/body/names.ts';
import { COMMON_NAMES, namesInForm } from '../login/common-fields.ts';
import type { LoginConfig } from '../login/login-config.ts';
import { PRESETS } from '../login/preset.ts';
import { parseReference, pathOf } from '../login/reference.ts';
import { logInTo } from './log-in.ts';
import type { TestAccount } from './test-account.ts';
import { cookieOf, jarAfter } from './test-client.ts';
import type { TestPlace, TestStep } from './test-place.ts';

/** Applications cut passwords to 8, 10 or 14 letters. */
const MIN_LENGTH = 15;

const SPELLINGS: readonly (readonly [name: string, spell: (password: string) => string])[] = [
  ['with more behind it', (password) => `${password}x7`],
  ['in other letters', (password) => password.replace(/\p{L}/gu, swapCase)],
  ['with an accent', (password) => password.replace(/[a-z]/i, '$&\u0301')],
  ['with an open tag', (password) => `${password}<b`],
];

const swapCase = (letter: string): string =>
  letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();

/** Fields that hold names, and those that hold passwords. */
export interface CredentialFields {
  readonly names: ReadonlySet<string>;
  readonly passwords: ReadonlySet<string>;
}

const folder = (path: readonly string[]): string => folded(path.join(''));

/** @param location all of them by default */
export function credentialFields({ presets, locations }: LoginConfig, location?: string): CredentialFields {
  const ofPresets = presets.flatMap((name) => PRESETS.get(name)?.logins ?? []);
  const logins = [...locations, ...ofPresets].filter(({ name }) => location === undefined || name === location);
  const fieldsOf = (sources: readonly (string | readonly string[] | undefined)[]): ReadonlySet<string> =>
    new Set(
      sources
        .flatMap((source) => source ?? [])
        .map(parseReference)
        .flatMap((reference) =>
          reference.place === 'body'
            ? [folder(reference.path)]
            : reference.place === 'query' || reference.place === 'header'
              ? [folder([reference.name])]
              : [],
        ),
    );
  return {
    names: fieldsOf(logins.map(({ username }) => username)),
    passwords: fieldsOf(logins.map(({ password }) => password)),
  };
}

/** Which of these the account has. */
export const fieldsIn = ({ fields }: TestAccount, wanted: ReadonlySet<string>): readonly string[] =>
  Object.keys(fields).filter((key) => wanted.has(folder(pathOf(key))));

/** In common use, of which the configuration and the account know nothing. */
const commonNames = ({ fields }: TestAccount, { names }: CredentialFields): readonly string[] =>
  namesInForm(COMMON_NAMES).filter((name) => !(name in fields) && !names.has(folder([name])));

export async function attackCredential(
  { account, origin }: TestPlace,
  fields: CredentialFields,
): Promise<readonly TestStep[]> {
  const signsIn = async (changed: { readonly [name: string]: string }): Promise<boolean> => {
    const { form, answer } = await logInTo(origin, { ...account, fields: { ...account.fields, ...changed } });
    const { body } = await origin({ path: account.page, cookie: cookieOf(jarAfter(form, answer)) });
    return body.includes(account.signedIn);
  };
  const [field] = fieldsIn(account, fields.passwords);
  if (field === undefined) return [];
  const password = account.fields[field] ?? '';
  const steps: TestStep[] = [];
  const step = (name: string, fault: string | false): void => {
    steps.push(fault === false ? { step: name } : { step: name, fault });
  };
  step(
    'its password is long enough to see whether the application cuts it',
    password.length < MIN_LENGTH && `take one of ${MIN_LENGTH} characters or more`,
  );
  const taken: string[] = [];
  for (const [name, spell] of SPELLINGS) {
    const spelled = spell(password);
    if (spelled === password || spellingsOf(spelled).includes(password)) continue;
    if (await signsIn({ [field]: spelled })) taken.push(name);
    // So that wrong ones in a row lock nobody.
    if (!(await signsIn({}))) {
      step('the account signs in after a wrong password', 'it does not: let the application lock it later');
      return steps;
    }
  }
  step(
    'no other spelling of its password is taken',
    taken.length > 0 && `the application takes it ${taken.join(', ')}: whoever types a leaked one so is not held`,
  );
  const [name] = fieldsIn(account, fields.names);
  if (name === undefined) return steps;
  const nobody = `credveil-${randomBytes(6).toString('hex')}`;
  const isAnybody = await signsIn({ [name]: nobody });
  step('its name is read from the login', isAnybody && 'another name signs in too: leave username out of the location');
  const own = account.fields[name] ?? '';
  const beside = commonNames(account, fields).map((other) => [other, own]);
  const isBeside = !isAnybody && (await signsIn({ ...Object.fromEntries(beside), [name]: nobody }));
  step('its name is read from no other field', isBeside && 'a field in common use names it too: list it in username');
  return steps;
}
