// What the gateway answers itself: status, title, detail and hint of each kind.
//
// The person who sees it may be an attacker or a customer: it names what is wrong with the request,
// and nothing of the configuration.

import { FACTOR_KINDS } from './factor-kinds.ts';
import { HOLD_KINDS } from './hold-kinds.ts';
import { type AnswerKind, malformed } from './kind.ts';

export const ANSWER_KINDS = {
  REQUEST_MALFORMED: malformed('The bytes received are not an HTTP request.', 'Use another program, or check its URL.'),
  HOST_MALFORMED: malformed('The request does not name one valid host.', 'Send one Host header, as in the URL.'),
  TARGET_MALFORMED: malformed(
    'The address has characters that may not stand in one.',
    'Percent-encode them, as browsers do.',
  ),
  TARGET_FORM: malformed('The request target is not a path.', 'Send the path and query alone.'),
  PATH_AMBIGUOUS: malformed(
    'Servers read this path in different ways.',
    'Use the path without doubled slashes, dot segments and encoded separators.',
  ),
  FRAMING_MALFORMED: malformed(
    'The length of the request body is not stated in one valid way.',
    'Send Content-Length, or Transfer-Encoding: chunked under HTTP/1.1.',
  ),
  HEADER_AMBIGUOUS: malformed(
    'Applications read two headers of this request as one.',
    'Send each header once, with hyphens instead of underscores.',
  ),
  CONNECTION_MALFORMED: malformed(
    'The Connection header names a header that has to reach the application.',
    'Leave that name out of Connection.',
  ),
  LOGIN_UNREADABLE: malformed(
    'Servers may read another name or password in this login than the gateway of this site does.',
    'Send each field once, as the form of this site does.',
  ),
  BLOCKED: {
    status: 403,
    title: 'Blocked',
    detail: 'The rules of this site do not allow this request.',
    hint: 'If you should have access, tell the site what you did and give it the number of this request.',
  },
  ACCESS_DENIED: {
    status: 403,
    title: 'No access',
    detail: 'This site is open to certain people, programs and places alone, and this request is of none of them.',
    hint: 'If you should have access, tell the site and give it the number of this request.',
  },
  SIGN_IN_REQUIRED: {
    status: 401,
    title: 'Sign-in needed',
    detail: 'This site is open to people who have signed in.',
    hint: 'Sign in with a browser. A program shows a service token that the site has given it.',
  },
  ...FACTOR_KINDS,
  FORM_NOT_SENT: {
    status: 401,
    title: 'Not sent',
    detail: 'You are not signed in, or not any more. What you sent was not passed on.',
    hint: 'Sign in by the link below, in a new tab. Then go back to your form, and send it again.',
  },
  FORM_STALE: {
    status: 410,
    title: 'Not sent',
    detail: 'This form was sent on before, is too old, or is of another person, page or browser.',
    hint: 'Look whether it arrived. If not, open the page of the form, and send it again.',
  },
  SESSION_UNCHECKED: {
    status: 403,
    title: 'Sign-in not seen',
    detail: 'This site began a session without a sign-in that its gateway saw.',
    hint: 'Sign in with the form of the site. If it persists, tell the site and give it the number of this request.',
  },
  FORM_MALFORMED: malformed('The body is not a form of this page.', 'Open the page again, and use its form.'),
  NOTICE_MALFORMED: malformed(
    'The body is not a notice that a session has ended.',
    'Send Content-Length and a form with a logout_token that was not sent before.',
  ),
  SIGN_IN_STALE: {
    status: 400,
    title: 'Sign-in not completed',
    detail: 'This sign-in is too old, was used before, or began in another browser.',
    hint: 'Open the site that you want, and sign in again.',
  },
  SIGN_IN_REFUSED: {
    status: 403,
    title: 'Not signed in',
    detail: 'The service where people sign in did not let you in, or was told to stop.',
    hint: 'Open the site that you want, and try again. If it persists, ask who manages your account.',
  },
  FORM_FOREIGN: {
    status: 403,
    title: 'Not done',
    detail: 'Another site asked for it.',
    hint: 'Use the page of this site.',
  },
  HOST_UNKNOWN: {
    status: 404,
    title: 'No such site',
    detail: 'No site is served under this name or path.',
    hint: 'Check the address.',
  },
  ROUTE_UNKNOWN: {
    status: 404,
    title: 'No such page',
    detail: 'The gateway of this site has no page at this address.',
    hint: 'Check the address.',
  },
  REPORT_MALFORMED: malformed(
    'The body is not a report of a login.',
    'Send Content-Length and JSON with attempt, outcome (success or failure) and, if known, user.',
  ),
  REPORT_UNAUTHORIZED: {
    status: 401,
    title: 'Not authorized',
    detail: 'Reports of logins need a token.',
    hint: 'Send Authorization: Bearer and the token of the gateway.',
  },
  REPORT_UNKNOWN: {
    status: 404,
    title: 'No such login',
    detail: 'No login with this number waits for its outcome.',
    hint: 'Send the Credveil-Attempt of the request, before it is answered.',
  },
  REPORT_LATE: {
    status: 409,
    title: 'Too late',
    detail: 'This login was settled before.',
    hint: 'Report before the login is answered.',
  },
  REPORT_LOST: {
    status: 503,
    title: 'Not kept',
    detail: 'The report could not be kept.',
    hint: 'Send it again.',
  },
  LOGIN_LIMITED: {
    status: 429,
    title: 'Too many attempts',
    detail: 'Too many logins from here have failed.',
    hint: 'Wait before you try again.',
  },
  PIN_LIMITED: {
    status: 429,
    title: 'Too many codes',
    detail: 'Too many codes were asked for with this address, or from here.',
    hint: 'Use the last code that came, or try again in an hour.',
  },
  USER_LIMITED: {
    status: 429,
    title: 'Too many attempts',
    detail: 'Too many logins with this username have failed.',
    hint: 'Wait, or use a browser in which you have logged in before.',
  },
  CHECKS_SPENT: {
    status: 429,
    title: 'Too many sign-ins',
    detail: 'More sign-ins came from here than this site can check in a minute.',
    hint: 'Wait a minute, and try again.',
  },
  METHOD_REFUSED: {
    status: 405,
    title: 'Method not allowed',
    detail: 'This method is not passed on.',
    hint: 'Use another method.',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    title: 'Request timeout',
    detail: 'The request did not arrive in time.',
    hint: 'Send it again, without pauses.',
  },
  LOGIN_TOO_LARGE: {
    status: 413,
    title: 'Login too large',
    detail: 'The request has more than a login needs.',
    hint: 'Send the fields of the login alone.',
  },
  LOGIN_CODING_UNKNOWN: {
    status: 415,
    title: 'Unknown compression',
    detail: 'The login is compressed in a way that this site does not know.',
    hint: 'Send it without compression, or with gzip.',
  },
  TARGET_TOO_LONG: {
    status: 414,
    title: 'Address too long',
    detail: 'The address exceeds the limit of this site.',
    hint: 'Use a shorter one.',
  },
  EXPECTATION_UNKNOWN: {
    status: 417,
    title: 'Expectation unknown',
    detail: 'The Expect header asks for something other than 100-continue.',
    hint: 'Send the request without it.',
  },
  HOST_MISDIRECTED: {
    status: 421,
    title: 'Misdirected request',
    detail: 'This connection was opened for another site.',
    hint: 'Open a new connection to this site.',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    title: 'Headers too large',
    detail: 'The request headers exceed the limit of this site.',
    hint: "Delete this site's cookies and try again.",
  },
  INTERNAL: {
    status: 500,
    title: 'Internal error',
    detail: 'The gateway of this site failed.',
    hint: 'Try again later. If it persists, tell the site and give it the number of this request.',
  },
  IDENTITY_INVALID: {
    status: 502,
    title: 'Sign-in not possible',
    detail: 'The service where people sign in gave an answer that cannot be trusted.',
    hint: 'Try again. If it persists, tell the site and give it the number of this request.',
  },
  UPSTREAM_FAILED: {
    status: 502,
    title: 'Site unreachable',
    detail: 'The application behind this site does not answer.',
    hint: 'Try again in a minute. If it persists, tell the site and give it the number of this request.',
  },
  OVERLOADED: {
    status: 503,
    title: 'Too busy',
    detail: 'This site has too much to do.',
    hint: 'Try again in a few seconds.',
  },
  IDENTITY_AWAY: {
    status: 503,
    title: 'Sign-in not possible now',
    detail: 'The service where people sign in does not answer.',
    hint: 'Try again in a minute. If it persists, tell the site and give it the number of this request.',
  },
  SESSIONS_AWAY: {
    status: 503,
    title: 'Sign-ins cannot be checked now',
    detail: 'The gateway of this site cannot reach what it knows of sign-ins, and lets nobody pass without it.',
    hint: 'Try again in a minute. If it persists, tell the site and give it the number of this request.',
  },
  LOGIN_UNCHECKED: {
    status: 503,
    title: 'Sign-in not possible now',
    detail: 'A check that every sign-in needs could not be made.',
    hint: 'Try again in a minute. If it persists, tell the site and give it the number of this request.',
  },
  UPSTREAM_BUSY: {
    status: 503,
    title: 'Too busy',
    detail: 'The application behind this site has too much to do.',
    hint: 'Try again in a few seconds.',
  },
  UPSTREAM_TIMEOUT: {
    status: 504,
    title: 'Site too slow',
    detail: 'The application behind this site did not answer in time.',
    hint: 'Try again in a minute. If it persists, tell the site and give it the number of this request.',
  },
  ...HOLD_KINDS,
} as const satisfies { readonly [code: string]: AnswerKind };

export type AnswerCode = keyof typeof ANSWER_KINDS;

/** Thrown by any step that ends a request with an answer of the gateway's own. */
export class Refusal extends Error {
  override name = 'Refusal';
  readonly code: AnswerCode;
  /** Closes the connection: an unread body, or a request in disguise, may follow on it. */
  readonly close: boolean;

  constructor(code: AnswerCode, { close = false }: { readonly close?: boolean } = {}) {
    // A refusal is an answer, not a fault: capturing a stack costs microseconds.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(ANSWER_KINDS[code].title);
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.close = close;
  }
}
