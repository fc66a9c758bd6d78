// A process that makes attempts at the counts of another, as a worker of the gateway does.

import { createRemotePeer } from '../../../../gateway/limits/limit-peer.ts';
import type { PrimaryAnswers } from '../../../../gateway/workers/messages.ts';
import { openChannel } from '../../../../runtime/ipc.ts';
import { questionOf, type Try } from './attempts.ts';

export interface LimitWorkerAnswers {
  /** Makes so many attempts at once, and settles none. @returns the reservations */
  admit(payload: { readonly given: Try; readonly count: number }): Promise<readonly number[]>;
  settle(payload: { readonly reservations: readonly number[]; readonly given: Try }): Promise<void>;
}

const primary = openChannel<Pick<PrimaryAnswers, 'limits'>, LimitWorkerAnswers>(process);
const peer = createRemotePeer((questions) => primary.ask('limits', questions));
primary.handle('admit', async ({ given, count }) => {
  const question = questionOf(given);
  const answers = await Promise.all(Array.from({ length: count }, () => peer.admit(question)));
  return answers.flatMap((answer) => ('reservation' in answer ? answer.reservation : []));
});
primary.handle('settle', async ({ reservations, given: { needs, outcome } }) => {
  const isSuccess = outcome === 'success';
  const counts = isSuccess ? [] : needs.map(({ limit }) => limit);
  await Promise.all(reservations.map((reservation) => peer.settle({ reservation, counts, isSuccess })));
});
primary.onGone(() => process.exit());
