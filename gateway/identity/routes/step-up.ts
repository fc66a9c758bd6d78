// A browser comes from an application that asks for a factor, and goes back with it.

import { z } from 'zod';
import { sendRedirect } from '../../answers/answer.ts';
import { Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import { type UserId, userIdOf } from '../../factors/factor.ts';
import { passedPage } from '../../launcher/door-pages.ts';
import { sendOwnPage } from '../../launcher/shell.ts';
import { stepUpPage } from '../../launcher/step-up-page.ts';
import { counts } from '../policies/requirement.ts';
import type { StepUpRequest } from '../sessions/sessions.ts';
import { handOverUrl, OWN_APP } from './begin-session.ts';
import { type Challenge, describeChallenge, type Led, openChallenge, takeCode } from './challenge.ts';
import { readJson, sendJson } from './json.ts';
import { formTokenOf, readOwnForm } from './own-form.ts';
import { PURPOSES } from './purposes.ts';
import { NO_REFERRER, needingState, type OwnSession, ownSessionOf, parameterOf, type RouteParts } from './route.ts';

const MAX_CODE = 64;
const OPEN = z.union([
  /** What the application's host sealed. */
  z.strictObject({ to: z.string().max(8_192) }),
  z.strictObject({ challenge: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }),
]);

/** What the page of /step-up shows: a challenge, or where to go on. @throws Refusal */
export async function answerOpen(exchange: Exchange, parts: RouteParts): Promise<void> {
  const body = await readJson(exchange, OPEN);
  if ('challenge' in body) {
    sendJson(exchange, await describeChallenge(exchange, body.challenge, parts, PURPOSES));
    return;
  }
  const asked = await openFor(exchange, body.to, parts);
  sendJson(exchange, 'location' in asked ? asked : await describeChallenge(exchange, asked.id, parts, PURPOSES));
}

/** The same from browsers that run no script: they send a code at once. */
export async function answerStepUpForm(exchange: Exchange, parts: RouteParts): Promise<void> {
  const own = await needingState(() => ownSessionOf(exchange, parts));
  if (!own) throw new Refusal('SIGN_IN_REQUIRED');
  const form = await readOwnForm(exchange, own.id, parts);
  const [to = '', code = ''] = [form.get('to') ?? '', form.get('code') ?? ''];
  if (code.length > MAX_CODE) throw new Refusal('FORM_MALFORMED');
  const asked = await openFor(exchange, to, parts);
  try {
    const led = 'location' in asked ? asked : await takeCode(exchange, { challenge: asked, code }, parts, PURPOSES);
    if (!led) return;
    const { location, headers = [] } = led as Led;
    // No redirect: what a form leads to may not leave this host by the policy of its page.
    const page = passedPage(location, ['Refresh', `0;url=${location}`, ...headers], 'It is you');
    await sendOwnPage(exchange.response, page);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'FACTOR_WRONG') throw error;
    const again = { to, token: formTokenOf(own.id, parts), message: 'This is not the code, or it was used.' };
    await sendOwnPage(exchange.response, { ...stepUpPage(again), status: 403 });
  }
  parts.observe.allowed(exchange);
}

/** Whose it is, its script finds out: a browser may have a challenge without a session. */
export async function answerStepUpPage(exchange: Exchange, parts: RouteParts): Promise<void> {
  const to = parameterOf(exchange, 'to');
  const own = to === undefined ? undefined : await ownSessionOf(exchange, parts).catch(() => undefined);
  const opened = to === undefined ? undefined : parts.people.seal.open('step-up', to);
  if (own && opened && !opened.isExpired && isShown(own, opened.value as StepUpRequest)) {
    const { request } = opened.value as StepUpRequest;
    sendRedirect(exchange.response, 303, await handOverUrl(request, own.id, parts), NO_REFERRER);
    parts.observe.answered(exchange, 'REDIRECTED');
    return;
  }
  const form = to !== undefined && own ? { to, token: formTokenOf(own.id, parts) } : undefined;
  await sendOwnPage(exchange.response, stepUpPage(form));
  parts.observe.allowed(exchange);
}

/** For what an application's host sealed, or where the browser goes instead. @throws Refusal */
async function openFor(
  exchange: Exchange,
  to: string,
  parts: RouteParts,
): Promise<Challenge | { readonly location: string }> {
  const { people } = parts;
  const opened = people.seal.open('step-up', to);
  if (!opened || opened.isExpired) throw new Refusal('CHALLENGE_GONE');
  const wanted = opened.value as StepUpRequest;
  const { request, need } = wanted;
  const signInUrl = `/sign-in?to=${people.seal.close('sign-in', request, 10 * 60_000)}`;
  const own = await needingState(() => ownSessionOf(exchange, parts));
  // They come back to the application, which asks anew.
  if (!own) return { location: signInUrl };
  const user = userIdOf(own.record.person);
  if (need.isAnew && (await needingState(() => hasNone(user, parts)))) {
    // They sign in anew, which their provider may ask for more.
    await needingState(() => people.store.endPerson(own.id));
    return { location: signInUrl };
  }
  if (isShown(own, wanted)) return { location: await handOverUrl(request, own.id, parts) };
  const isOwn = request.app === OWN_APP;
  return needingState(() =>
    openChallenge(parts, {
      user,
      purpose: isOwn ? 'manage' : 'step-up',
      browser: own.id,
      app: isOwn ? undefined : request.app,
      methods: [...need.methods, 'recovery'],
      note: JSON.stringify(wanted),
    }),
  );
}

async function hasNone(user: UserId, { people }: RouteParts): Promise<boolean> {
  const known = await people.factors?.describe(user);
  return known?.factors.length === 0;
}

/** At another application, a while ago. Who changes their own factors shows one anew. */
function isShown({ record: { factors = [] } }: OwnSession, { request, need }: StepUpRequest): boolean {
  const { methods, every, isAnew = false } = need;
  if (isAnew || request.app === OWN_APP) return false;
  const now = Date.now();
  return factors.some((given) => counts(given, methods, now) && now - given.at < every);
}
