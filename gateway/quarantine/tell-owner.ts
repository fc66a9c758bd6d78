// The owner of an account learns that somebody has logged in with its password, which has leaked.

import type { Application } from '../applications.ts';
import { lettersOf } from '../checks/user-letters.ts';
import type { Mailer } from '../identity/sign-in/provider.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { GatewaySetup } from '../setup.ts';
import type { HeldLogin } from './held-login.ts';

const DAY = 86_400_000;
const MAILS_A_DAY = 3;

/** Of a login that is of nobody for sure, so many whose names were typed. */
const MAX_TOLD = 3;

/**
 * Never late or lost for the login itself: what goes wrong with a mail is an event.
 * @param typed names, whose owners are told where nobody knows whose login it was
 */
export async function tellOwner(
  { user, origin, app }: Pick<HeldLogin, 'user' | 'origin' | 'app'>,
  typed: readonly string[],
  { hold }: Application,
  { people }: PipelineParts,
  { identity }: GatewaySetup,
): Promise<void> {
  const mailer = mailerOf(identity?.providers, hold?.mailBy);
  if (!people || !mailer) return;
  try {
    const names = user === undefined ? typed.slice(0, MAX_TOLD) : [user];
    // To hear of another's login does no harm.
    const addressOf = async (name: string): Promise<string | undefined> =>
      hold?.addressOf(name) ?? (await people.factors?.userOf(app, name));
    const found = await Promise.all(
      names.map(async (name) => (await addressOf(name)) ?? (await addressOf(lettersOf(name)))),
    );
    for (const address of new Set(found)) {
      if (!address?.includes('@')) continue;
      const key = `held.told.${people.holds.hashOf('told', app, address)}`;
      const { taken } = await people.state.takeSlots([{ key, allow: MAILS_A_DAY, windowMs: DAY }]);
      if (taken) await mailer.mail(address, `A sign-in to ${new URL(origin).host} was stopped`, textOf(origin));
    }
  } catch (error) {
    people.holds.events.mailFailed(app, error);
  }
}

/** The provider that mails for an application. */
export function mailerOf(
  providers: NonNullable<GatewaySetup['identity']>['providers'] | undefined,
  name: string | undefined,
): Mailer | undefined {
  const provider = name === undefined ? undefined : providers?.get(name);
  return provider?.kind === 'pin' ? provider : undefined;
}

const textOf = (origin: string): string =>
  [
    `Somebody has signed in to ${new URL(origin).host} with your name and your password.`,
    'That password stands in lists of passwords that were stolen from somewhere. So the sign-in waits',
    'until it is confirmed with something that only you have.',
    '',
    'If it was you, confirm it on the page that your browser shows, and choose a new password.',
    'If it was not you, do nothing there, and choose a new password soon.',
    '',
  ].join('\n');
