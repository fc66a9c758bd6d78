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

/** Where it waits for them, if it does. */
export type WaitsAt = 'browser' | 'nowhere' | { readonly page: string };

/**
 * Never late or lost for the login itself: what goes wrong with a mail is an event.
 * @param typed names, whose owners are told where nobody knows whose login it was
 */
export async function tellOwner(
  { user, origin, app, realm, isSeen }: Pick<HeldLogin, 'user' | 'origin' | 'app' | 'realm' | 'isSeen'>,
  typed: readonly string[],
  waits: WaitsAt,
  { people }: PipelineParts,
  { identity }: GatewaySetup,
): Promise<void> {
  const mailer = identity?.mailer;
  if (!people || !mailer) return;
  try {
    const isOf = isOfUser({ user, isSeen });
    const userOf = async (name: string) => people.factors?.userOf(realm, name);
    // Where nobody knows whose it was: to hear of another's login does no harm.
    const nearTo = async (name: string) =>
      isOf ? undefined : ((await userOf(lettersOf(name))) ?? (await people.factors?.namesOf(realm, name))?.person);
    const addressOf = async (name: string): Promise<string | undefined> => {
      const person = (await userOf(name)) ?? (await nearTo(name));
      return person === undefined ? undefined : emailOf(person);
    };
    const found = await Promise.all((user === undefined ? typed : [user]).map(addressOf));
    const addresses = [...new Set(found)].filter((address) => address !== undefined);
    for (const address of addresses.slice(0, MAX_TOLD)) {
      // What may be a wrong password keeps nobody from hearing of a right one.
      const key = `held.told.${isOf ? 'sure' : 'unsure'}.${people.holds.hashOf('told', app, address)}`;
      const turn = await turnOf(key, people.state);
      if (turn) await mailer.send({ to: address, ...mailOf({ origin, user, isSeen, waits, turn }) });
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

interface Told extends Pick<HeldLogin, 'origin' | 'user' | 'isSeen'> {
  readonly waits: WaitsAt;
  readonly turn: Turn;
}

function mailOf(told: Told): { readonly subject: string; readonly text: string } {
  const { origin, user, isSeen, waits, turn } = told;
  const site = new URL(origin).host;
  const often = turn === 'sum' ? ` at least ${MORE} more times today` : '';
  const isOver = user === undefined || waits === 'nowhere';
  const text = [
    isSeen
      ? `Somebody has signed in to ${site}${often} with your name and your password.`
      : `Somebody may have signed in to ${site}${often} with your name and a password of yours.`,
    ...(isOver
      ? ['That password stands in lists of passwords that were stolen from somewhere. So nobody was let in.']
      : [
          'That password stands in lists of passwords that were stolen from somewhere. So each such sign-in',
          'waits until it is confirmed with something that only you have.',
        ]),
    '',
    ...whatToDo(told),
    isOver
      ? 'If it was not you, choose a new password soon.'
      : 'If it was not you, do nothing there, and choose a new password soon.',
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

function whatToDo({ user, waits }: Pick<Told, 'user' | 'waits'>): readonly string[] {
  // Nobody knows whose it is.
  if (user === undefined)
    return [
      'If it was you, sign in again in a browser, with your name exactly as the site writes it: without',
      'capital letters and blanks that are not part of it. Then you can confirm it, and choose a new password.',
    ];
  if (waits === 'browser')
    return ['If it was you, confirm it on the page that your browser shows, and choose a new password.'];
  if (waits === 'nowhere')
    return [
      'If it was you, sign in again in a browser, where you can confirm it, and choose a new password.',
      'A program needs the new one, too.',
    ];
  return [`If it was you, with a program, confirm it within a minute at ${waits.page}`, 'and choose a new password.'];
}
