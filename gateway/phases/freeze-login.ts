// A login waits for its owner: its browser is frozen before the first byte of an answer leaves.

import { Refusal } from '../answers/kinds.ts';
import type { Exchange } from '../exchange.ts';
import { handleOf } from '../handle/handles.ts';
import { originOf } from '../identity/navigation.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { OnEnd } from '../quarantine/held-ends.ts';
import type { HeldLogin } from '../quarantine/held-login.ts';
import { tellOwner } from '../quarantine/tell-owner.ts';
import type { GatewaySetup } from '../setup.ts';
import type { HeldResponse } from '../upstream/held-response.ts';
import { answerHeld } from './enter-hold.ts';
import { ownerOf, type Rise } from './hold-rise.ts';

/** What of a login is known when its session is opened. */
export interface OpenedBy {
  /** Its location. */
  readonly login: string;
  /** Names. */
  readonly typed: readonly string[];
  /** Where it goes on once it is released, if not with its answer. */
  readonly location: string | undefined;
  /** Where its user changes the password. */
  readonly changePage: string | undefined;
  readonly rise: Rise | undefined;
}

export type HeldAnswer = Pick<HeldLogin, 'status' | 'headers' | 'body'>;

export const responseOf = ({ status, headers, body, isWhole }: HeldResponse): HeldAnswer => ({
  status,
  headers,
  body: isWhole && body ? body.toString('base64') : undefined,
});

/** @throws StateError */
export async function heldLoginOf(
  exchange: Exchange,
  response: HeldAnswer,
  { rise, login, typed, location, changePage }: OpenedBy,
  parts: PipelineParts,
): Promise<HeldLogin | undefined> {
  const { hold, application, head } = exchange;
  if (!hold || !application || !head) return undefined;
  const user = await ownerOf(exchange, typed, rise, parts);
  const of = { user, isKnown: await isKnown(exchange, user, parts), network: hold.network, site: hold.site };
  const at = { app: application.name, realm: hold.realm, origin: originOf(exchange), target: head.target };
  return {
    ...at,
    ...response,
    ...of,
    login,
    typed: typed[0] ?? '',
    isSeen: rise?.user !== undefined,
    location,
    changePage,
    until: Date.now() + hold.rules.forMs,
    jar: hold.jar.contents,
  };
}

/** @throws Refusal `HOLD_FULL`; StateError */
export async function freezeLogin(
  exchange: Exchange,
  login: HeldLogin,
  { typed, onEnd }: { readonly typed: readonly string[]; readonly onEnd: OnEnd },
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<void> {
  const { hold } = exchange;
  const holds = parts.people?.holds;
  if (!hold || !holds) return;
  const { handle, headers } = hold.jar.begin();
  const id = hold.id ?? holds.idOf(login.app, handle);
  const isHeld = await holds.freeze(id, login, hold.rules);
  if (isHeld) hold.leave();
  else await hold.kill();
  holds.events.held(exchange, login.app, login.login, isHeld ? 'held' : 'full');
  void tellOwner(login, typed, isHeld ? 'browser' : 'nowhere', parts, setup);
  if (!isHeld) {
    void onEnd(false);
    throw new Refusal('HOLD_FULL');
  }
  const named = { id: exchange.id };
  holds.ends.watch(id, hold.rules.forMs, async (isReleased, isLate) => {
    if (!isReleased) holds.events.abandoned(named, login.app, login.login, isLate ? 'late' : 'refused');
    await onEnd(isReleased);
  });
  await answerHeld(exchange, 'frozen', id, parts, setup, headers);
}

/** Whether a login of this user in this browser has gone on before. */
const isKnown = async (exchange: Exchange, user: string | undefined, { browsers }: PipelineParts): Promise<boolean> =>
  user !== undefined &&
  (await browsers?.mayHave(exchange.realm, handleOf(exchange), {
    users: [user],
    isNameless: false,
  })) === true;
