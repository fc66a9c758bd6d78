// After the response: whose password changes has no known devices any more.
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
  const { application } = exchange;
  if (!browsers || !limits || !application || status >= 400) return;
  const handle = handleOf(exchange);
  const { passwordChanges } = application;
  if (handle === undefined || !passwordChanges || !changesPassword(passwordChanges, exchange)) return;
  const account = await browsers.accountOf(application.name, handle);
  if (account !== undefined) await limits.forgetDevices(account);
}
