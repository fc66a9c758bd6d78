// The limits on logins, as the phases of a request ask for them.

import type { AnswerOptions } from '../answers/answer.ts';
import type { AnswerCode } from '../answers/kinds.ts';
import type { Exchange } from '../exchange.ts';
import type { CountedResponse } from '../fields/count-fields.ts';
import type { FindMember, Judgement } from '../login/attempt.ts';

/** What is known of an attempt before it is forwarded. */
export interface AttemptFacts {
  readonly exchange: Exchange;
  /** As they were typed: every value that the application may read. */
  readonly usernames: readonly string[];
  /** Members of its body. Undefined of one that cannot be read. */
  readonly findMember?: FindMember | undefined;
  /** Only its fields make it a login: pictures of a page make browsers send such. */
  readonly isOfFields?: boolean;
}

export interface AttemptResult extends Judgement {
  /** Missing if the application did not answer. */
  readonly response?: CountedResponse | undefined;
  /** The application's own name of the user that has logged in. */
  readonly canonical?: string;
}

/** Why a request is not forwarded, and the answer that it gets. */
export interface Ban {
  readonly limit: string;
  /** Lifts it. */
  readonly id?: string | undefined;
  readonly code: Extract<AnswerCode, 'LOGIN_LIMITED' | 'USER_LIMITED'>;
  readonly answer: Partial<AnswerOptions>;
}

export interface Admitted {
  readonly ban?: undefined;
  /**
   * Called once, before the answer leaves. An attempt that is not settled counts.
   * @returns headers that the answer gets, names and values in turn
   */
  settle(result: AttemptResult): Promise<readonly string[]>;
}

export type Admission = { readonly ban: Ban } | Admitted;

export interface Limits {
  /** Takes a slot for the attempt. One over the limit is answered, and not forwarded. */
  admit(facts: AttemptFacts): Promise<Admission>;
  /** Of bans that act on more than logins. It asks nobody. */
  bannedBy(exchange: Exchange): Ban | undefined;
  /** What the state has in place of a user's name. @param realm of the request */
  nameOf(realm: string, username: string): string;
  /**
   * The user has another password: browsers that were known for the old one no longer are.
   * @param name as `nameOf` makes it
   */
  forgetDevices(name: string): Promise<void>;
}
