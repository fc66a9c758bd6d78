// The owner of an account learns that somebody has logged in with its password, which has leaked.

import { lettersOf } from '../checks/user-letters.ts';
import { emailOf } from '../factors/factor.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { GatewaySetup } from '../setup.ts';
import type { State } from '../state/state.ts';
import { type HeldLogin, isOfUser } from './held-login.ts';

const DAY = 86_400_000;
const MAILS_A_DAY = 3;
/** So many more, which are not told of one by one, are told of together, once a day. */
const MORE = 10;

/** Of a login that is of nobody for sure, so many whose names were typed. */
const MAX_TOLD = 3;

/**
 * Never late or lost for the login itself: what goes wrong with a mail is an event.
 * @param waitsAt the page where a program's login waits for them
 * @param typed names, whose owners are told where nobody knows whose login it was
 */
export async function tellOwner(
  { user, origin, app, isSeen }: Pick<HeldLogin, 'user' | 'origin' | 'app' | 'isSeen'>,
  typed: readonly string[],
  { people }: PipelineParts,
  { identity }: GatewaySetup,
  waitsAt?: string,
): Promise<void> {
  const mailer = identity?.mailer;
  if (!people || !mailer) return;
  try {
    const isOf = isOfUser({ user, isSeen });
    const names = user === undefined ? typed.slice(0, MAX_TOLD) : [user];
    // Of somebody who was imported.
    const addressIn = async (name: string): Promise<string | undefined> =>
      (await people.factors?.namesOf(app, name))?.isExact ? lettersOf(name) : undefined;
    const addressOf = async (name: string): Promise<string | undefined> => {
      const person = (await people.factors?.userOf(app, name)) ?? (isOf ? undefined : await addressIn(name));
      return person === undefined ? undefined : emailOf(person);
    };
    // Where nobody knows whose it was: to hear of another's login does no harm.
    const nearTo = async (name: string) => (isOf ? undefined : addressOf(lettersOf(name)));
    const found = await Promise.all(names.map(async (name) => (await addressOf(name)) ?? (await nearTo(name))));
    for (const address of new Set(found)) {
      if (address === undefined) continue;
      // What may be a wrong password keeps nobody from hearing of a right one.
      const key = `held.told.${isOf ? 'sure' : 'unsure'}.${people.holds.hashOf('told', app, address)}`;
      const turn = await turnOf(key, people.state);
      if (turn) await mailer.send({ to: address, ...mailOf({ origin, isSeen, waitsAt, turn }) });
    }
  } catch (error) {
    people.holds.events.mailFailed(app, error);
  }
}

/** The last one of a day says so, and the sum stands for those that came without a mail. */
type Turn = 'one' | 'last' | 'sum';

/** Which mail of the day this login is told by; none if undefined. */
async function turnOf(key: string, state: Pick<State, 'takeSlots'>): Promise<Turn | undefined> {
  const takes = async (part: string, allow: number): Promise<boolean> =>
    (await state.takeSlots([{ key: key + part, allow, windowMs: DAY }])).taken;
  if (await takes('', MAILS_A_DAY - 1)) return 'one';
  if (await takes('', MAILS_A_DAY)) return 'last';
  if (await takes('.more', MORE - 1)) return undefined;
  return (await takes('.sum', 1)) ? 'sum' : undefined;
}

interface Told {
  readonly origin: string;
  readonly isSeen: boolean;
  readonly waitsAt: string | undefined;
  readonly turn: Turn;
}

function mailOf({ origin, isSeen, waitsAt, turn }: Told): { readonly subject: string; readonly text: string } {
  const site = new URL(origin).host;
  const often = turn === 'sum' ? ` at least ${MORE} more times today` : '';
  const text = [
    isSeen
      ? `Somebody has signed in to ${site}${often} with your name and your password.`
      : `Somebody may have signed in to ${site}${often} with your name and a password of yours.`,
    'That password stands in lists of passwords that were stolen from somewhere. So each such sign-in',
    'waits until it is confirmed with something that only you have.',
    '',
    ...(waitsAt === undefined
      ? ['If it was you, confirm it on the page that your browser shows, and choose a new password.']
      : [`If it was you, with a program, confirm it within a minute at ${waitsAt}`, 'and choose a new password.']),
    'If it was not you, do nothing there, and choose a new password soon.',
    ...ENDS[turn],
    '',
  ].join('\n');
  const subject = turn === 'sum' ? `More sign-ins to ${site} were stopped` : `A sign-in to ${site} was stopped`;
  return { subject, text };
}

const ENDS: { readonly [turn in Turn]: readonly string[] } = {
  one: [],
  last: ['', `Further ones today are stopped too, without a mail for each: one mail follows once they are ${MORE}.`],
  sum: ['', 'Further ones today are stopped too, without a mail.'],
};
