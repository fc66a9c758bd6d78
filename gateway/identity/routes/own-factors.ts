// The factors of whoever is signed in, on the gateway's own pages: what there is, and how it
// changes. Whoever changes something shows another factor first, and comes back.

import { z } from 'zod';
import { sendRedirect } from '../../answers/answer.ts';
import { Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import { type GivenFactor, type UserFactors, userIdOf } from '../../factors/factor.ts';
import type { RemoveAnswer } from '../../factors/factor-messages.ts';
import type { FactorPeer } from '../../factors/factor-peer.ts';
import { FACTORS, factorsPage, MAX_NAME } from '../../launcher/factor-pages.ts';
import { type Notice, sendOwnPage } from '../../launcher/shell.ts';
import { nameOf } from '../person.ts';
import { confirmUrl } from './enrol-way.ts';
import { formOf, pageOf } from './own-apps.ts';
import { formTokenOf } from './own-form.ts';
import { NO_REFERRER, needingState, type OwnSession, parameterOf, type RouteParts } from './route.ts';

/** For changes: how long ago another factor was given. */
const FRESH_MS = 5 * 60_000;

export const FACTOR_NAME = z
  .string()
  .trim()
  .min(1)
  .max(MAX_NAME)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u);

/** @throws Refusal `SESSIONS_AWAY` where nobody keeps factors */
export function needFactors({ people }: RouteParts): FactorPeer {
  if (!people.factors) throw new Refusal('SESSIONS_AWAY');
  return people.factors;
}

/** Those that were given a moment ago. */
export const freshOf = ({ record: { factors = [] } }: OwnSession): readonly GivenFactor[] =>
  factors.filter(({ method, at }) => method !== 'recovery' && Date.now() - at < FRESH_MS);

/** What a recovery code left behind that was used in this session, and still opens an enrolment. */
export const recoveredIn = ({ record: { factors = [] } }: OwnSession, { recovered }: UserFactors): string | undefined =>
  factors.find(({ method, factor }) => method === 'recovery' && recovered.includes(factor))?.factor;

/** Of these, the ids of those that are still theirs. */
export const freshIn = (own: OwnSession, { factors }: UserFactors): readonly string[] => {
  const theirs = new Set(factors.map(({ id }) => id));
  return freshOf(own).flatMap(({ factor }) => (theirs.has(factor) ? [factor] : []));
};

/** What has to be shown to enrol: nothing more, another factor first, or a code. */
export function enrolmentOf(own: OwnSession, known: UserFactors): 'open' | 'factor' | 'code' {
  const { factors, firstBy } = known;
  const isFresh = freshIn(own, known).length > 0;
  if (isFresh || recoveredIn(own, known) !== undefined || firstBy?.window) return 'open';
  return factors.length > 0 ? 'factor' : 'code';
}

const ID = z.string().regex(/^[A-Za-z0-9_-]{16}$/);

const NOTICES: { readonly [done: string]: Notice } = {
  renamed: { kind: 'done', text: 'It has its new name.' },
  removed: { kind: 'done', text: 'It was removed.' },
  missing: { kind: 'bad', text: 'It was removed before.' },
  last: { kind: 'bad', text: 'It is the last one, and stays. Add another one first.' },
  untrusted: { kind: 'bad', text: 'It is older than what you confirmed with. Confirm with an older one first.' },
};
const DRAWN: Notice = {
  kind: 'done',
  text: 'Print these codes, or write them down. They are shown this once, and those of before count no more.',
};

interface Shown {
  readonly notice?: Notice | undefined;
  readonly codes?: readonly string[];
  readonly status?: number;
}

async function sendFactors(exchange: Exchange, own: OwnSession, parts: RouteParts, shown: Shown = {}): Promise<void> {
  const { person } = own.record;
  const { factors, recoveryLeft } = await needingState(() => needFactors(parts).describe(userIdOf(person)));
  const { status = 200, ...rest } = shown;
  const token = formTokenOf(own.id, parts);
  const known = { factors, recoveryLeft, person: nameOf(person), token, confirmUrl: confirmUrl(FACTORS, parts) };
  const page = factorsPage({ ...known, now: Date.now(), ...rest });
  await sendOwnPage(exchange.response, { ...page, status });
}

export const answerFactors = pageOf((exchange, own, parts) => {
  const done = parameterOf(exchange, 'done') ?? '';
  return sendFactors(exchange, own, parts, { notice: Object.hasOwn(NOTICES, done) ? NOTICES[done] : undefined });
});

/** What a form of that page changes. */
const changeOf = (change: Parameters<typeof formOf>[0]) =>
  formOf(async (exchange, own, form, parts) => {
    if (freshOf(own).length > 0) return change(exchange, own, form, parts);
    sendRedirect(exchange.response, 303, confirmUrl(FACTORS, parts), NO_REFERRER);
    parts.observe.answered(exchange, 'REDIRECTED');
  });

export const answerRename = changeOf(async (exchange, own, form, parts) => {
  const name = FACTOR_NAME.safeParse(form.get('name')).data;
  if (name === undefined) throw new Refusal('FORM_MALFORMED');
  const user = userIdOf(own.record.person);
  const isThere = await needingState(() => needFactors(parts).rename(user, factorIn(form), name));
  leadBack(exchange, isThere ? 'renamed' : 'missing', parts);
});

const REFUSED: { readonly [Answer in RemoveAnswer]?: number } = { last: 409, untrusted: 403 };

export const answerRemove = changeOf(async (exchange, own, form, parts) => {
  const by = freshOf(own).map(({ factor }) => factor);
  const user = userIdOf(own.record.person);
  const answer = await needingState(() => needFactors(parts).remove({ user, factor: factorIn(form), by }));
  const status = REFUSED[answer];
  if (status === undefined) return leadBack(exchange, answer, parts);
  await sendFactors(exchange, own, parts, { notice: NOTICES[answer], status });
  parts.observe.allowed(exchange);
});

/** They are on the page that answers alone. */
export const answerRecovery = changeOf(async (exchange, own, _form, parts) => {
  const codes = await needingState(() => needFactors(parts).drawRecovery(userIdOf(own.record.person)));
  if (codes.length === 0) throw new Refusal('FACTOR_NEEDED');
  await sendFactors(exchange, own, parts, { codes, notice: DRAWN });
  parts.observe.allowed(exchange);
});

/** @throws Refusal `FORM_MALFORMED` */
function factorIn(form: URLSearchParams): string {
  const factor = ID.safeParse(form.get('factor')).data;
  if (factor === undefined) throw new Refusal('FORM_MALFORMED');
  return factor;
}

/** So that a reload sends no form again. */
function leadBack(exchange: Exchange, done: string, { observe }: RouteParts): void {
  sendRedirect(exchange.response, 303, `${FACTORS}?done=${done}`);
  observe.answered(exchange, 'REDIRECTED');
}
