// Who may use the admin page: whoever has a link that the Unix socket gave out, once.

import { createHash, createHmac, randomBytes } from 'node:crypto';

const LINK_MS = 300_000;
const SESSION_MS = 12 * 3_600_000;
const MAX_LINKS = 16;
const MAX_SESSIONS = 16;
const SECRET_BYTES = 24;

export interface PageSession {
  /** What a form has to send to do one thing: another session's, or another thing's, is refused. */
  tokenOf(action: string): string;
}

interface Kept extends PageSession {
  readonly untilMs: number;
}

/** Secrets are looked up by their hashes, so that no comparison takes longer for a closer guess. */
export class PageSessions {
  readonly #links = new Map<string, number>();
  readonly #sessions = new Map<string, Kept>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @returns a key that signs in once, within five minutes */
  createLink(): string {
    const key = createSecret();
    add(this.#links, hash(key), this.#now() + LINK_MS, MAX_LINKS);
    return key;
  }

  /** @returns a token, or undefined for a key that was used, is too old or never was */
  signIn(key: string): string | undefined {
    const name = hash(key);
    const untilMs = this.#links.get(name);
    this.#links.delete(name);
    if (untilMs === undefined || untilMs < this.#now()) return undefined;
    const token = createSecret();
    const secret = randomBytes(SECRET_BYTES);
    const tokenOf = (action: string): string => createHmac('sha256', secret).update(action).digest('base64url');
    add(this.#sessions, hash(token), { untilMs: this.#now() + SESSION_MS, tokenOf }, MAX_SESSIONS);
    return token;
  }

  /** @param authorization the header */
  find(authorization = ''): PageSession | undefined {
    const name = nameOf(authorization);
    const session = this.#sessions.get(name);
    if (session && session.untilMs < this.#now()) this.#sessions.delete(name);
    return this.#sessions.get(name);
  }

  signOut(authorization = ''): void {
    this.#sessions.delete(nameOf(authorization));
  }
}

const createSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');

const hash = (text: string): string => createHash('sha256').update(text).digest('base64');

const nameOf = (authorization: string): string => hash(/^Bearer (\S{1,128})$/.exec(authorization)?.[1] ?? '');

/** The oldest leaves for the newest. */
function add<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
}
