// What is forwarded, and how it ended: shared by both ways to an application.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Content } from '../request/collect-body.ts';
import type { SetNames } from '../request/set-names.ts';
import type { UpstreamFault } from './fault.ts';

/** Responses of 1xx before one response: each is written to the client at once. */
export const MAX_INFORMED = 32;

/** Sees each piece of a body before it goes on, and its end. What waits for it waits on its way. */
export interface Screen {
  pass(piece: Buffer): Promise<void> | undefined;
  end(): Promise<void> | undefined;
}

export interface Forwarding {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly target: string;
  /** Names and values in turn, with Host. */
  readonly headers: string[];
  /** What the gateway alone may say, which a client's trailers do not. */
  readonly setNames: SetNames;
  /** Bytes, `chunked`, or 0 without a body. */
  readonly body: number | 'chunked';
  /** The body or the beginning of it, where that was read before. */
  readonly content?: Content | undefined;
  /** Sees what of the body was not read before. */
  readonly screen?: Screen | undefined;
  /** Who sends it, as far as limits are concerned. */
  readonly party: string;
  /** Aborted when the body may go no further, with the failure as its reason. */
  readonly stop?: AbortSignal | undefined;
  /**
   * A login of its browser waits until it is answered: the application is asked to the end though
   * the client has left, once it has all of the body.
   */
  readonly isWaitedFor?: boolean;
  /** Its answer is read then, too: what it came to has to be known. */
  readonly isJudged?: boolean;
  /** Called when the client takes no more for now. @param resume is called once it does */
  onSlowClient(resume: () => void): void;
}

/** Whether the end of it is waited for without its client. */
export const outlivesClient = ({ isWaitedFor, body, content, message }: Forwarding): boolean =>
  isWaitedFor === true && (body === 0 || content?.isWhole === true || message.complete);

/** Why a body was stopped: it came too slowly, or has what may not reach the application. */
export type Stopped = 'CLIENT_SLOW' | LateRefusal;
export type LateRefusal = (typeof LATE_REFUSALS)[number];

const LATE_REFUSALS = ['LOGIN_TOO_LARGE', 'LOGIN_UNREADABLE', 'OVERLOADED'] as const;

export const isLateRefusal = (failure: string): failure is LateRefusal =>
  (LATE_REFUSALS as readonly string[]).includes(failure);

/**
 * A status that the application sent in full; or what went wrong. After UPSTREAM_TIMEOUT,
 * UPSTREAM_FAILED and UPSTREAM_BUSY nothing was sent to the client yet.
 */
export type Outcome =
  | { readonly status: number }
  | { readonly failure: 'UPSTREAM_FAILED' | 'UPSTREAM_BUSY'; readonly fault: UpstreamFault }
  | { readonly failure: 'UPSTREAM_TIMEOUT' | 'UPSTREAM_CUT' | 'CLIENT_GONE' | Stopped };
