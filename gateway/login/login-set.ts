// The logins of an application, and what is known of them before any request.

import { createRuleIndex, type RuleIndex } from '../rules/rule-index.ts';
import { isOfBrowser, type Login } from './attempt.ts';
import { WantedNames } from './body/body-scan.ts';
import { type Target, targetsOf } from './body/match-fields.ts';
import type { FieldReference } from './reference.ts';
import { type PathLiteral, pathLiteralsOf, pathsIn, plainPath } from './router-readings.ts';
import type { Spelling } from './spellings.ts';

/** A login, and what is known of it before any request. */
export interface PreparedLogin {
  readonly login: Login;
  readonly usernames: readonly Target[];
  readonly passwords: readonly Target[];
  readonly otherPasswords: readonly Target[];
  /** Its credential is in a call of XML-RPC. */
  readonly isXmlRpc: boolean;
  /** The body decides about it, or has its credential. */
  readonly readsBody: boolean;
  /** Fields of the body tell it from other requests to the same place. */
  readonly isFoundByFields: boolean;
  /** Any field of a query makes it one, as any of a body does: such a login has no place. */
  readonly isAnywhere: boolean;
  readonly names: WantedNames;
}

export interface LoginSet {
  readonly logins: readonly PreparedLogin[];
  readonly index: RuleIndex;
  /** Of paths, where a router may read another spelling as this one. */
  readonly pathLiterals: readonly PathLiteral[];
  /** Where the configuration has logins by forms, as plain paths. */
  readonly places: readonly string[];
  /** Of the applications that its presets know. */
  readonly spellings: readonly Spelling[];
  /** The application decodes what stands behind any scheme of `Authorization`. */
  readonly anyScheme: boolean;
  /** Lets through what servers may read in different ways. */
  readonly passesUnreadable: boolean;
}

export function createLoginSet(logins: readonly Login[], passesUnreadable: boolean): LoginSet {
  return {
    logins: logins.map(prepare),
    index: createRuleIndex(logins.map(({ when }) => when.requirement)),
    pathLiterals: logins.flatMap(({ when }) => pathLiteralsOf(when.rule.expression)),
    places: [
      ...new Set(
        logins
          .filter(isDescribedForm)
          .flatMap(({ when }) => pathsIn(when.rule.expression))
          .map(plainPath),
      ),
    ],
    spellings: [...new Set(logins.flatMap(({ spelling }) => spelling ?? []))],
    anyScheme: logins.some(({ anyScheme }) => anyScheme),
    passesUnreadable,
  };
}

const isDescribedForm = (login: Login): boolean => isOfBrowser(login) && login.isElsewhere !== true;

function prepare(login: Login): PreparedLogin {
  const places = [...login.usernames, ...login.passwords].map(({ place }) => place);
  const fields = [...login.when.fields];
  const isXmlRpc = places.includes('xmlrpc') || fields.some((field) => field.startsWith('credveil.xmlrpc.'));
  const { isElsewhere = false } = login;
  const isFoundByFields =
    isElsewhere ||
    fields.some((field) => field.startsWith('http.request.body.') && field !== BODY_SIZE && field !== BODY_TYPE);
  const usernames = targetsOf(membersOf(login.usernames), 'username');
  const passwords = targetsOf(membersOf(login.passwords), 'password');
  return {
    login,
    usernames,
    passwords,
    otherPasswords: targetsOf(membersOf(login.otherPasswords ?? []), 'password'),
    names: new WantedNames(usernames, passwords),
    isXmlRpc,
    readsBody: isXmlRpc || isFoundByFields || places.includes('body'),
    isFoundByFields,
    isAnywhere: isElsewhere || (isFoundByFields && fields.includes('http.request.uri.args.names')),
  };
}

/** The head has them. */
const BODY_SIZE = 'http.request.body.size';
const BODY_TYPE = 'http.request.body.mime';

const membersOf = (references: readonly FieldReference[]): (readonly string[])[] =>
  references.flatMap((reference) => (reference.place === 'body' ? [reference.path] : []));
