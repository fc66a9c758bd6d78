// The cookies of one browser's sessions: opened on their way to the application, and sealed on
// their way back. The browser never has a value that the application takes.

import { isLiveCookie } from '../fields/set-cookies.ts';
import { type Pair, pairsOf } from '../header-pairs.ts';
import { OwnCookie } from '../request/own-cookies.ts';
import type { CookieSeal } from './cookie-seal.ts';
import type { HoldRules } from './hold-rules.ts';
import { OwnCookieOfApp } from './own-cookie-of-app.ts';

const TTL_MS = 400 * 86_400_000;
const AHEAD_MS = 5 * 60_000;

/** What opens them: of one browser at one application. */
export const JAR_COOKIE = new OwnCookieOfApp('cv-jar', TTL_MS);

export interface JarPlace {
  readonly app: string;
  readonly rules: Pick<HoldRules, 'names' | 'lifeMs'>;
  readonly seal: CookieSeal;
  readonly isSecure: boolean;
  /** Another site's request begins no jar: it would replace the one that was not sent. */
  readonly isForeign?: boolean;
}

/** Names of cookies, each with its value and the attributes with which it was set. */
export type JarContents = readonly (readonly [name: string, text: string])[];

export class Jar {
  readonly #place: JarPlace;
  #handle: string | undefined;
  /** Drawn once the first cookie is sealed. */
  #isNew = false;
  /** By name: the value, and the attributes with which the application has set it. */
  readonly #opened: Map<string, string>;

  /**
   * @param handle that the browser came with, if it is worth something
   * @param contents of a jar that this one goes on with
   */
  constructor(place: JarPlace, handle: string | undefined, contents: JarContents = []) {
    this.#place = place;
    this.#handle = handle;
    this.#opened = new Map(contents);
  }

  /** That of a browser without any. */
  anew(): Jar {
    return new Jar(this.#place, undefined);
  }

  get contents(): JarContents {
    return [...this.#opened];
  }

  get handle(): string | undefined {
    return this.#handle;
  }

  /** Without sessions, there is none that a login could change. */
  get isEmpty(): boolean {
    return this.#opened.size === 0;
  }

  /**
   * What of the header Cookie goes to the application: a cookie of a session as it was set, if it
   * is sealed for this browser; the first of a name, and nothing else under such a name.
   */
  open(cookies: string, now: number): string {
    const kept: string[] = [];
    for (const piece of cookies.split(';')) {
      if (!this.#place.rules.names.isInCookie(piece)) {
        if (piece.trim() !== '') kept.push(piece.trim());
        continue;
      }
      const name = nameIn(piece);
      const text = this.#opened.has(name) ? undefined : this.#openOne(name, valueIn(piece), now);
      if (text === undefined) continue;
      this.#opened.set(name, text);
      kept.push(`${name}=${textValueOf(text)}`);
    }
    return kept.join('; ');
  }

  /** What the application gets of sessions once it has answered so, by name. */
  after(headers: readonly string[], cookies: string): string {
    const jar = new Map(pairsIn(cookies));
    for (const [name, value] of pairsOf(headers)) {
      if (!isSetCookie(name)) continue;
      if (isLiveCookie(value)) jar.set(nameIn(value), valueIn(value.split(';')[0] ?? ''));
      else jar.delete(nameIn(value));
    }
    return [...jar].map((pair) => pair.join('=')).join('; ');
  }

  /** @returns the headers of a response with its cookies of sessions sealed */
  seal(headers: readonly string[], now: number): string[] {
    const sealed = pairsOf(headers).flatMap(([name, value]): Pair[] => {
      const ofSession = isSetCookie(name) && this.#isSession(nameIn(value));
      if (ofSession && this.#place.isForeign) return [];
      return [[name, ofSession ? this.#sealOne(value, now) : value]];
    });
    return [...sealed.flat(), ...this.#ofHandle()];
  }

  /** Headers of a request without sessions. */
  withoutSessions(headers: readonly string[]): string[] {
    return pairsOf(headers).flatMap(([name, value]) => {
      if (name.toLowerCase() !== 'cookie') return [name, value];
      const left = this.#withoutSessions(value);
      return left === '' ? [] : [name, left];
    });
  }

  #withoutSessions(cookies: string): string {
    const kept = cookies.split(';').filter((piece) => !this.#place.rules.names.isInCookie(piece));
    return kept
      .map((piece) => piece.trim())
      .filter((piece) => piece !== '')
      .join('; ');
  }

  /** Names of the cookies of sessions that these headers set, each as often as they do. */
  namesSetBy(headers: readonly string[]): readonly string[] {
    return pairsOf(headers)
      .flatMap(([name, value]) => (isSetCookie(name) ? [nameIn(value)] : []))
      .filter((name) => this.#isSession(name));
  }

  /** Whether one of these headers sets a cookie of a session. */
  isSetBy(headers: readonly string[]): boolean {
    return this.namesSetBy(headers).length > 0;
  }

  /**
   * A rise of privilege: from here on another handle seals, and what this jar has opened is set
   * anew, unless the response sets it.
   * @param headers of the response @returns what is added to them
   */
  renew(headers: readonly string[]): string[] {
    this.#handle = OwnCookie.draw();
    this.#isNew = true;
    const set = new Set(pairsOf(headers).flatMap(([name, value]) => (isSetCookie(name) ? [nameIn(value)] : [])));
    return [...this.#opened].flatMap(([name, text]) => (set.has(name) ? [] : ['Set-Cookie', `${name}=${text}`]));
  }

  /** A handle for a browser that has none, and what gives it to it. */
  begin(): { readonly handle: string; readonly headers: readonly string[] } {
    if (this.#handle === undefined) {
      this.#handle = OwnCookie.draw();
      this.#isNew = true;
    }
    return { handle: this.#handle, headers: this.#ofHandle() };
  }

  #isSession(name: string): boolean {
    return this.#place.rules.names.isSession(name);
  }

  #openOne(name: string, value: string, now: number): string | undefined {
    const { app, seal, rules } = this.#place;
    if (this.#handle === undefined) return undefined;
    const opened = seal.open({ app, handle: this.#handle, name, lifeMs: rules.lifeMs }, value);
    // A handle is remembered as dead for so long.
    const age = opened && now - opened.sealedAt;
    // What a clock that was ahead has sealed would outlast the memory of its handle.
    return opened && age !== undefined && age < rules.lifeMs && age > -AHEAD_MS ? opened.text : undefined;
  }

  /** Its domain goes, since other hosts open nothing; scripts see nothing of it. */
  #sealOne(header: string, now: number): string {
    const { app, seal, isSecure, rules } = this.#place;
    const [pair = '', ...attributes] = header.split(';');
    const name = nameIn(pair);
    const kept = attributes.filter((each) => !/^\s*(?:domain|secure|httponly)\s*(?:=|$)/i.test(each));
    const own = [...kept, ' HttpOnly', ...(isSecure ? [' Secure'] : [])];
    if (!isLiveCookie(header)) return [`${name}=`, ...own].join(';');
    const { handle } = this.begin();
    const text = [valueIn(pair), ...kept].join(';');
    return [`${name}=${seal.close({ app, handle, name, lifeMs: rules.lifeMs }, text, now)}`, ...own].join(';');
  }

  #ofHandle(): string[] {
    if (!this.#isNew || this.#handle === undefined || this.#place.isForeign) return [];
    return ['Set-Cookie', JAR_COOKIE.of(this.#place.app).format(this.#handle, this.#place.isSecure)];
  }
}

const isSetCookie = (name: string): boolean => name.length === 10 && name.toLowerCase() === 'set-cookie';

function pairsIn(cookies: string): [string, string][] {
  return cookies
    .split(';')
    .filter((piece) => piece.trim() !== '')
    .map((piece) => [nameIn(piece), valueIn(piece)]);
}

/** RFC 6265 §5.2: without an equals sign, all of it is the value. */
function nameIn(piece: string): string {
  const [pair = ''] = piece.split(';', 1);
  return pair.slice(0, Math.max(0, pair.indexOf('='))).trim();
}

const valueIn = (pair: string): string => pair.slice(pair.indexOf('=') + 1).trim();

const textValueOf = (text: string): string => text.split(';', 1)[0] ?? '';
