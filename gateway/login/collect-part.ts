// The values that a request has for one part of a credential, its username or its password,
// wherever servers may read it.

import { isTypeable } from '../checks/typed-text.ts';
import { headerValues } from '../header-pairs.ts';
import type { Field } from './body/fields.ts';
import { filledOf, type Matches, matchFields, type Target } from './body/match-fields.ts';
import { folded } from './body/names.ts';
import { textsOfBytes } from './body/texts.ts';
import { argumentAt } from './body/xml-rpc-arguments.ts';
import type { BodyView, Source } from './body-view.ts';
import { basicOf } from './login-fields.ts';
import type { FieldReference } from './reference.ts';

export interface Part extends Matches {
  /** Without what is in the query or in clear, beside fields of a body that was read. */
  readonly ofFields: readonly string[];
  /** Values there. */
  readonly others: readonly string[];
  readonly ofCookies: readonly Field[];
}

/** What nobody types is left out, and a problem: the application may make something of it. */
export function collectPart(
  references: readonly FieldReference[],
  targets: readonly Target[],
  source: Source,
  part: { readonly view: BodyView; readonly isPassword: boolean },
): Part {
  const parts: (Matches & Partial<Part>)[] = [
    ...(targets.length > 0 ? [ofMembers(targets, source, part)] : []),
    ...references.map((reference) => ofHead(reference, source)),
  ];
  const texts = parts.flatMap((each) => each.texts);
  const ofCookies = parts.flatMap(({ ofCookies: some = [] }) => some);
  const isAllTyped = [...texts, ...ofCookies.flatMap((cookie) => cookie.texts)].every(isTypeable);
  const problems = [...parts.map(({ problem }) => problem), isAllTyped ? undefined : TOO_LONG];
  return {
    texts: texts.filter(isTypeable),
    values: parts.flatMap(({ values }) => values).filter(isTypeable),
    ofFields: parts.flatMap(({ texts: all, ofFields = all }) => ofFields).filter(isTypeable),
    others: parts.flatMap(({ others = [] }) => others).filter(isTypeable),
    ofCookies: ofCookies.map((cookie) => ({ ...cookie, texts: cookie.texts.filter(isTypeable) })),
    isFound: parts.some(({ isFound }) => isFound),
    isUnread: !isAllTyped || parts.some(({ isUnread = false }) => isUnread),
    problem: problems.find((one) => one !== undefined),
  };
}

const TOO_LONG = 'a username or password is longer than any, or has many marks in turn';
const NOTHING: Matches = { texts: [], values: [], isFound: false };

/** Of the body, and of what some servers read as if it were in the body. */
function ofMembers(
  targets: readonly Target[],
  { body, query, cookies }: Source,
  { view, isPassword }: { readonly view: BodyView; readonly isPassword: boolean },
): Part {
  const inBody = matchFields(targets, view.fields);
  const inQuery = matchFields(targets, query);
  const inClear = matchFields(targets, body.hidden);
  const isInBody = inBody.isFound || inClear.isFound;
  const isAlone = view.isOfQuery && !isInBody;
  const ofPassword = isAlone ? inQuery.problem : 'its query has a password';
  const ofUsername = inBody.isFound ? undefined : inQuery.problem;
  const [first = inQuery, ...rest] = [inBody, inClear, inQuery].filter(({ isFound }) => isFound);
  const problemOfQuery = inQuery.isFound ? (isPassword ? ofPassword : ofUsername) : undefined;
  return {
    texts: [...inBody.texts, ...inClear.texts, ...inQuery.texts],
    ofFields: first.texts,
    values: first.values,
    others: rest.flatMap(({ values }) => values),
    ofCookies: cookies.filter((cookie) => matchFields(targets, [cookie]).isFound),
    isFound: isInBody || inQuery.isFound,
    isUnread: [inBody, inClear, inQuery].some(({ isUnread = false }) => isUnread),
    problem: inBody.problem ?? inClear.problem ?? problemOfQuery,
  };
}

function ofHead(reference: FieldReference, { exchange, body, query }: Source): Matches {
  switch (reference.place) {
    case 'body':
      return NOTHING;
    case 'query': {
      const letters = folded(reference.name);
      return onlyOne(query.filter(({ path }) => folded(path.join('')) === letters).map(({ texts }) => texts));
    }
    case 'header':
      return onlyOne(headerValues(exchange.head?.headers ?? [], reference.name).map((value) => textsOfBytes(value)));
    case 'basic': {
      const all = basicOf(exchange);
      if (all === 'malformed') return { ...NOTHING, isFound: true, problem: 'its Authorization is malformed' };
      const each = all.map((credential) => credential[reference.part]);
      return { texts: each.flat(), values: each.flatMap(filledOf), isFound: each.length > 0 };
    }
    case 'xmlrpc': {
      const call = body.call();
      const argument = call && argumentAt(call, reference.position);
      return argument ? { ...argument, values: filledOf(argument.texts), isFound: true } : NOTHING;
    }
  }
}

const onlyOne = (values: readonly (readonly string[])[]): Matches => ({
  texts: values.flat(),
  values: values.flatMap(filledOf),
  isFound: values.length > 0,
  problem: values.length > 1 ? 'a field stands twice' : undefined,
});
