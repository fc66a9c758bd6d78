// A new factor of whoever is signed in. Signing in is not enough for it: another factor, a recovery
// code, a code of an administrator or of a mail, or the operator's import of a while ago opens it.

import { hash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type AnswerCode, Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import { type EnrolledMethod, type KeyCredential, type UserId, userIdOf } from '../../factors/factor.ts';
import type { Authority, EnrolAnswer, NewFactor } from '../../factors/factor-messages.ts';
import { FACTOR_METHOD } from '../../factors/factor-schema.ts';
import { challengeIn, creationOptions, type KeyMethod, verifyCreation } from '../../factors/webauthn.ts';
import { enrolWay } from './enrol-way.ts';
import { readOwnJson, sendJson } from './json.ts';
import { REGISTRATION } from './key-json.ts';
import { drawCeremony, takeCeremony } from './once.ts';
import { FACTOR_NAME, freshIn, needFactors, recoveredIn } from './own-factors.ts';
import { raise } from './rise.ts';
import { needingState, type OwnSession, type RouteParts } from './route.ts';

const ROOM = 'once';
const TTL_MS = 10 * 60_000;
const TRIES = 5;

/** What has begun, and where. */
interface Begun {
  readonly user: UserId;
  /** Of the session. */
  readonly browser: string;
  readonly authority: Authority;
  readonly method: 'totp' | KeyMethod;
  readonly pending?: string;
}

const CODE = z.string().max(64).optional();
const BEGIN = z.strictObject({ method: FACTOR_METHOD.exclude(['totp']), code: CODE });
const ID = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const FINISH = z.strictObject({ enrolment: ID, name: FACTOR_NAME, key: REGISTRATION, to: z.string().max(8_192) });
export const BEGIN_APP = z.strictObject({ method: z.literal('totp'), name: FACTOR_NAME, code: CODE });
export const FINISH_APP = z.strictObject({ enrolment: ID, name: FACTOR_NAME, code: z.string().max(16) });

export async function answerBegin(exchange: Exchange, parts: RouteParts): Promise<void> {
  const { own, body } = await readOwnJson(exchange, BEGIN, parts);
  sendJson(exchange, await begin(own, body, parts));
}

/** @throws Refusal */
export async function begin(
  own: OwnSession,
  body: { readonly method: EnrolledMethod; readonly code?: string | undefined },
  parts: RouteParts,
) {
  const { people, identity } = parts;
  const user = userIdOf(own.record.person);
  const factors = needFactors(parts);
  const authority = await needingState(() => authorityOf(own, user, body.code, parts));
  const id = randomBytes(32).toString('base64url');
  const { method } = body;
  const keep = async (pending?: string): Promise<void> => {
    const begun: Begun = { user, browser: own.id, authority, method, ...(pending !== undefined && { pending }) };
    await people.state.set(ROOM, keyOf(id), people.seal.close('enrolment', begun, TTL_MS), { ttlMs: TTL_MS });
  };
  const options = await needingState(async () => {
    if (method === 'totp') {
      const { secret, uri, pending } = await factors.drawTotp(user);
      await keep(pending);
      return { totp: { secret, uri } } as const;
    }
    await keep();
    const challenge = await drawCeremony(people.state, id);
    return { key: creationOptions(identity.party, { challenge, method, user }, await factors.describe(user)) } as const;
  });
  return { enrolment: id, ...options };
}

/** @throws Refusal `ENROLMENT_CLOSED`, `FACTOR_NEEDED`, `FACTOR_WRONG` for a code; StateError */
async function authorityOf(
  own: OwnSession,
  user: UserId,
  code: string | undefined,
  parts: RouteParts,
): Promise<Authority> {
  const factors = needFactors(parts);
  if (code !== undefined) {
    const answer = await factors.checkCode(user, code);
    if ('authority' in answer) return answer.authority;
    throw new Refusal('FACTOR_WRONG');
  }
  const known = await factors.describe(user);
  const by = freshIn(own, known);
  if (by.length > 0) return { kind: 'factor', by };
  const mark = recoveredIn(own, known);
  if (mark !== undefined) return { kind: 'recovery', mark };
  if (known.firstBy?.window) return { kind: 'window' };
  throw new Refusal(known.factors.length > 0 ? 'FACTOR_NEEDED' : 'ENROLMENT_CLOSED');
}

const REFUSED: { readonly [Why in Extract<EnrolAnswer, { refused: string }>['refused']]: AnswerCode } = {
  closed: 'ENROLMENT_CLOSED',
  wrong: 'FACTOR_WRONG',
  limit: 'FACTOR_LIMIT',
  taken: 'FACTOR_LIMIT',
};

export async function answerFinish(exchange: Exchange, parts: RouteParts): Promise<void> {
  const { own, body } = await readOwnJson(exchange, FINISH, parts);
  const { headers } = (await finish(exchange, { own, body }, parts)).risen;
  sendJson(exchange, { location: enrolWay(body.to, parts).url }, headers);
}

type Finish = z.infer<typeof FINISH> | z.infer<typeof FINISH_APP>;

/** The session goes on under a new id. @throws Refusal */
export async function finish(
  exchange: Exchange,
  { own, body }: { readonly own: OwnSession; readonly body: Finish },
  parts: RouteParts,
) {
  const { people } = parts;
  const begun = await needingState(() => findBegun(own, body.enrolment, parts));
  const tries = { key: `tries.${keyOf(body.enrolment)}`, allow: TRIES, windowMs: TTL_MS };
  if (!(await needingState(() => people.state.takeSlots([tries]))).taken) throw new Refusal('CHALLENGE_GONE');
  const factor = await newFactorOf(body, begun, parts);
  const { user, authority } = begun;
  const answer = await needingState(() => needFactors(parts).enrol({ user, authority, factor }));
  if ('refused' in answer) throw new Refusal(REFUSED[answer.refused]);
  await needingState(() => people.state.delete(ROOM, keyOf(body.enrolment)));
  const { id, method, trustedFrom } = answer.factor;
  const risen = await raise(exchange, own, { method, factor: id, at: Date.now(), trustedFrom }, parts);
  return { factor: answer.factor, risen };
}

/** @throws Refusal `FACTOR_WRONG`, `FACTOR_MODEL`, `FORM_MALFORMED` */
async function newFactorOf(body: Finish, { method, pending }: Begun, parts: RouteParts): Promise<NewFactor> {
  const { name } = body;
  if (method === 'totp') {
    if (!('code' in body) || pending === undefined) throw new Refusal('FORM_MALFORMED');
    return { method, name, pending, code: body.code.replace(/\s/g, '') };
  }
  if (!('key' in body)) throw new Refusal('FORM_MALFORMED');
  return { method, name, key: await verifyKey(body, method, parts) };
}

async function verifyKey(
  { enrolment, key }: z.infer<typeof FINISH>,
  method: KeyMethod,
  { people, identity }: RouteParts,
): Promise<KeyCredential> {
  const response = key as Parameters<typeof verifyCreation>[2];
  const drawn = challengeIn(response);
  const isOurs = drawn !== undefined && (await needingState(() => takeCeremony(people.state, drawn, enrolment)));
  if (!isOurs || drawn === undefined) throw new Refusal('FACTOR_WRONG');
  const answer = await verifyCreation(identity.party, { challenge: drawn, method }, response);
  if ('verified' in answer) return answer.verified;
  throw new Refusal(answer.refused === 'model' ? 'FACTOR_MODEL' : 'FACTOR_WRONG');
}

/** @throws Refusal `CHALLENGE_GONE` */
async function findBegun(own: OwnSession, id: string, { people }: RouteParts): Promise<Begun> {
  const sealed = await people.state.get(ROOM, keyOf(id));
  const opened = sealed === undefined ? undefined : people.seal.open('enrolment', sealed);
  const begun = opened && !opened.isExpired ? (opened.value as Begun) : undefined;
  if (begun?.browser !== own.id) throw new Refusal('CHALLENGE_GONE');
  return begun;
}

const keyOf = (id: string): string => `enrolment.${hash('sha256', id, 'base64url')}`;
