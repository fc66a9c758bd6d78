// Whose a request is, and what an application asks of that.

import type { GivenFactor } from '../../factors/factor.ts';
import type { Person } from '../person.ts';
import type { Durations, Marks } from './session-record.ts';

/** What an application asks of sessions. */
export interface SessionRules extends Durations {
  /** Names of the identity providers whose people it takes. */
  readonly providers: ReadonlySet<string>;
  /** Where its people may come back to. Whoever asks with another host may own that one. */
  readonly hosts: ReadonlySet<string>;
  /** How exactly it is known when one was last used, in milliseconds: policies may ask for more. */
  readonly grainMs: number;
}

/** An application, as far as sessions are concerned. */
export interface SessionPlace {
  readonly name: string;
  /** Undefined where nobody signs in. */
  readonly sessionRules: SessionRules | undefined;
}

/** A session of an application. */
export interface PersonSession {
  readonly person: Person;
  /** Names the session to others, and does not open it: SHA-256 of its cookie, base64url. */
  readonly sessionHash: string;
  /** The same for the person's session at the gateway's own pages. */
  readonly personHash: string;
  /** Milliseconds since 1970. */
  readonly signedInAt: number;
  /** When the provider asked who they are; 0 where it does not say. */
  readonly authenticatedAt: number;
  /** The longest pause between two requests at this host since then, in milliseconds. */
  readonly idledMs: number;
  readonly marks: Marks | undefined;
  /** What the person has shown beside. */
  readonly factors: readonly GivenFactor[];
  /** It may be used by somebody else: nothing that was shown in it counts. */
  readonly hasDrifted?: boolean;
}

/** `unavailable`: the state does not answer, and nobody may pass for who they say they are. */
export type SessionAnswer = PersonSession | 'none' | 'unavailable';
