// After the response: whose password changes has no known devices any more, and owes no other one.
//
// The request says nothing of whom it is about: only the handle's own user counts, whom a login has
// shown. An answer without an error suffices, since it is safe to trust a browser less.

import type { Exchange } from '../exchange.ts';
import { handleOf } from '../handle/handles.ts';
import { changesPassword } from '../login/password-changes.ts';
import type { PipelineParts } from '../pipeline-parts.ts';

export async function noticePasswordChange(
  exchange: Exchange,
  status: number,
  { browsers, limits }: Pick<PipelineParts, 'browsers' | 'limits'>,
): Promise<void> {
  const { application, hold } = exchange;
  const passwordChanges = application?.passwordChanges;
  if (!application || status >= 400 || !passwordChanges) return;
  const handle = handleOf(exchange);
  if ((handle === undefined && !hold) || !changesPassword(passwordChanges, exchange)) return;
  await hold?.changedPassword();
  if (handle === undefined || !browsers || !limits) return;
  const account = await browsers.accountOf(exchange.realm, handle);
  if (account !== undefined) await limits.forgetDevices(account);
}
