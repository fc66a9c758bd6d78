// A login that succeeded and is held back: the application's whole answer, sealed for the state.

import type { KeyObject } from 'node:crypto';
import { closeBox, openBox } from '../state/sealed-box.ts';
import type { JarContents } from './jar.ts';

export interface HeldLogin {
  readonly app: string;
  /** What its users are imported for. */
  readonly realm: string;
  /** Of the application, as the browser sees it. */
  readonly origin: string;
  /** Path and query of the login. */
  readonly target: string;
  /** As the application itself names them; undefined if it did not say. */
  readonly user: string | undefined;
  readonly login: string;
  /** The first name that was typed. */
  readonly typed: string;
  /** The application has named whom it has signed in: else the password may be wrong. */
  readonly isSeen: boolean;
  /** Of the client, as the state has it: of one customer, and one that may have many of these. */
  readonly network: string;
  readonly site: string;
  /** Its user was signed in in this browser before. */
  readonly isKnown: boolean;
  readonly status: number;
  /** Names and values in turn, none of them sealed. */
  readonly headers: readonly string[];
  /** Base64; undefined for one that was too long to be kept. */
  readonly body: string | undefined;
  /** How long it waits. Milliseconds since 1970. */
  readonly until: number;
  /** What the browser's jar had. */
  readonly jar: JarContents;
  /** Where it goes on instead, such as to a new password. */
  readonly location: string | undefined;
  /** Where its user changes the password. */
  readonly changePage: string | undefined;
}

/** Whether it is known whose it is, and not only what was typed. */
export const isOfUser = (login: Pick<HeldLogin, 'isSeen' | 'user'>): login is HeldLogin & { readonly user: string } =>
  login.isSeen && login.user !== undefined;

export function sealLogin(key: KeyObject, browser: string, login: HeldLogin): string {
  return closeBox(key, Buffer.from(browser), Buffer.from(JSON.stringify(login))).toString('base64url');
}

/** Undefined for what was not sealed for this browser. */
export function openLogin(key: KeyObject, browser: string, text: string): HeldLogin | undefined {
  try {
    const opened = openBox(key, Buffer.from(browser), Buffer.from(text, 'base64url'));
    return JSON.parse(opened.toString('utf8')) as HeldLogin;
  } catch {
    return undefined;
  }
}
