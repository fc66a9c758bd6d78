// Where sessions, and what belongs to them, stand in the state.

import { hash } from 'node:crypto';

export const SESSION_ROOM = 'session';

export const appKey = (id: string): string => `app.${id}`;
export const PERSONS = 'person.';
export const personKey = (id: string): string => PERSONS + id;
/** Of its host: applications of one host share their sessions. */
export const sinceKey = (app: string): string => `since.${hash('sha256', app.split('/')[0] as string, 'base64url')}`;
export const seenKey = (personId: string, host: string): string =>
  `seen.${hash('sha256', JSON.stringify([personId, host]), 'base64url')}`;
export const proofKey = (id: string, method: string): string => `proof.${id}.${method}`;
export const linkKey = (id: string): string => `link.${id}`;
