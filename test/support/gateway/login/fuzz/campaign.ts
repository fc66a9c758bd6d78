// The fuzz of logins: whatever an application reads of a request that reaches it was read by the
// gateway too.

import { Refusal } from '../../../../../gateway/answers/kinds.ts';
import { MAX_BODY_BYTES } from '../../../../../gateway/login/body/read-body.ts';
import type { LoginSet } from '../../../../../gateway/login/login-set.ts';
import type { LoginReading } from '../../../../../gateway/login/read-login.ts';
import { createRandom } from '../../../random.ts';
import { loginsOf, lookInside, readAt } from '../read.ts';
import { type Names, ORIGINS, type Pair } from './origins.ts';
import { type GeneratedLogin, generateLogin } from './requests.ts';

export interface LoginFinding {
  readonly number: number;
  readonly origin: string;
  readonly login: string;
  readonly type: string;
  readonly body: string;
}

export interface LoginTally {
  /** Requests that reach the application, by what the gateway takes them for. */
  attempts: number;
  others: number;
  refused: number;
  /** Readings of an application that are the leaked pair, and were read. */
  leaked: number;
}

export interface LoginFuzz {
  readonly tally: LoginTally;
  readonly findings: readonly LoginFinding[];
}

const place = (name: string) => `http.request.body.form["${name}"][0]`;
const WHEN = 'http.request.method == "POST" and http.request.uri.path == "/login"';
const location = (username: string, password: string) =>
  loginsOf({ locations: [{ name: 'a', when: WHEN, username: place(username), password: place(password) }] });

const CONFIGURED: readonly {
  readonly name: string;
  readonly names: Names;
  readonly logins: LoginSet;
  readonly isByFields?: true;
}[] = [
  { name: 'flat', names: [['username'], ['password']], logins: location('username', 'password') },
  {
    name: 'nested',
    names: [
      ['user', 'login'],
      ['user', 'password'],
    ],
    logins: location('user[login]', 'user[password]'),
  },
  { name: 'short', names: [['log'], ['pwd']], logins: location('log', 'pwd') },
  { name: 'generic', names: [['username'], ['password']], logins: loginsOf('generic'), isByFields: true },
  {
    name: 'generic, nested',
    names: [
      ['user', 'email'],
      ['user', 'password'],
    ],
    logins: loginsOf('generic'),
    isByFields: true,
  },
];

/** @param onProgress is called now and then with the number of requests so far */
export async function fuzzLogins(
  requests: number,
  seed: number,
  onProgress: (done: number) => void = () => {},
): Promise<LoginFuzz> {
  const random = createRandom(seed);
  const tally: LoginTally = { attempts: 0, others: 0, refused: 0, leaked: 0 };
  const findings: LoginFinding[] = [];
  for (let number = 0; number < requests; number++) {
    const { name: login, names, logins, isByFields = false } = random.pick(CONFIGURED);
    const generated = generateLogin(names, random, { isByFields });
    const { sent, leaked } = generated;
    const reading = await readingOf(logins, generated, number % 16 === 0 ? SMALL_PIECE : PIECE);
    if (number % 10_000 === 0) onProgress(number);
    if (reading === 'malformed' || reading === 'cut' || (reading !== 'unseen' && reading.kind === 'refused')) {
      tally.refused++;
      continue;
    }
    const attempt = reading !== 'unseen' && reading.kind === 'attempt' ? reading.attempt : undefined;
    if (attempt) tally.attempts++;
    else tally.others++;
    for (const [origin, read] of Object.entries(ORIGINS)) {
      const pairs = read(sent, names).filter((pair) => isSame(pair, leaked));
      if (pairs.length === 0) continue;
      const isRead = attempt?.usernames.includes(leaked.username) && attempt.passwords.includes(leaked.password);
      if (isRead) tally.leaked++;
      else findings.push({ number, origin, login, type: String(sent.type), body: shown(generated) });
    }
  }
  return { tally, findings };
}

/** A head that is no request is refused before. What follows the beginning is looked through. */
async function readingOf(
  logins: LoginSet,
  generated: GeneratedLogin,
  piece: number,
): Promise<LoginReading | 'unseen' | 'malformed' | 'cut'> {
  const { body } = generated.sent;
  const begun = body.subarray(0, MAX_BODY_BYTES + 1);
  try {
    const reading = readAt(logins, { ...requestOf(generated), body: begun, isCut: begun.length < body.length });
    if (reading === 'unseen' || reading.kind !== 'none') return reading;
    for (let at = begun.length; at < body.length; at += piece)
      if (reading.scans.some(({ scan }) => scan.push(body.subarray(at, at + piece)))) return 'cut';
    return (await lookInside(reading, body)) !== undefined ? 'cut' : reading;
  } catch (error) {
    if (error instanceof Refusal) return 'malformed';
    throw error;
  }
}

/** Of no size that a name begins or ends with. */
const SMALL_PIECE = 7;
const PIECE = 1_009;

const isSame = (a: Pair, b: Pair): boolean => a.username === b.username && a.password === b.password;

function requestOf({ method, sent, codings }: GeneratedLogin) {
  const { query, type, cookie, body } = sent;
  return {
    method,
    target: query === '' ? '/login' : `/login?${query}`,
    headers: [
      ...(type === undefined ? [] : ['Content-Type', type]),
      ...codings.flatMap((coding) => ['Content-Encoding', coding]),
      ...(cookie === '' ? [] : ['Cookie', cookie]),
    ],
    body,
  };
}

const shown = ({ sent: { query, coding = '', cookie, body } }: GeneratedLogin): string =>
  JSON.stringify({ query, coding, cookie, body: body.toString('latin1').replace(/x{9,}/g, '…').slice(0, 400) });
