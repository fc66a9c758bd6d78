// Whoever counts, as a worker or the first process asks it.

import { type BatchAnswer, Batches } from '../state/batches.ts';
import type { LimitBook } from './limit-book.ts';
import type { AdmitAnswer, AdmitQuestion, BannedPlaces, SettleQuestion } from './limit-messages.ts';

export interface LimitPeer {
  /** @throws StateError if nobody answers, as all others do */
  admit(question: AdmitQuestion): Promise<AdmitAnswer>;
  settle(question: SettleQuestion): Promise<boolean>;
  forgetDevices(name: string): Promise<void>;
  places(after?: string): Promise<BannedPlaces>;
}

export type LimitQuestion =
  | { readonly ask: 'admit'; readonly of: AdmitQuestion }
  | { readonly ask: 'settle'; readonly of: SettleQuestion }
  | { readonly ask: 'forgetDevices'; readonly of: string }
  | { readonly ask: 'places'; readonly of: string | undefined };

/** Asks another process. */
export function createRemotePeer(
  send: (questions: readonly LimitQuestion[]) => Promise<readonly BatchAnswer[]>,
): LimitPeer {
  const batches = new Batches<LimitQuestion>(send);
  return {
    admit: (of) => batches.ask({ ask: 'admit', of }) as Promise<AdmitAnswer>,
    settle: (of) => batches.ask({ ask: 'settle', of }) as Promise<boolean>,
    forgetDevices: async (of) => {
      await batches.ask({ ask: 'forgetDevices', of });
    },
    places: (of) => batches.ask({ ask: 'places', of }) as Promise<BannedPlaces>,
  };
}

/** @param holder what the book releases when its process ends */
export const createLocalPeer = (book: LimitBook, holder: object): LimitPeer => ({
  admit: (question) => book.admit(holder, question),
  settle: (question) => book.settle(holder, question),
  forgetDevices: (name) => book.forgetDevices(name),
  places: async (after) => book.bans.places(after),
});

export function answerLimits(book: LimitBook, holder: object, question: LimitQuestion): Promise<unknown> {
  const peer = createLocalPeer(book, holder);
  switch (question.ask) {
    case 'admit':
      return peer.admit(question.of);
    case 'settle':
      return peer.settle(question.of);
    case 'forgetDevices':
      return peer.forgetDevices(question.of);
    case 'places':
      return peer.places(question.of);
  }
}
