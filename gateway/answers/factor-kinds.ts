// What the gateway answers about factors of people.

import type { AnswerKind } from './kind.ts';

export const FACTOR_KINDS = {
  FACTOR_NEEDED: {
    status: 401,
    title: 'Confirm that it is you',
    detail: 'This needs a security key, a passkey or a code of your app, shown a short while ago.',
    hint: 'Show it by the link, in a new tab if you have written something here. Then try again.',
  },
  FACTOR_WRONG: {
    status: 403,
    title: 'Not accepted',
    detail: 'This code or key is not the right one, or was used before.',
    hint: 'Try again, with the next code or another key.',
  },
  FACTOR_WAIT: {
    status: 429,
    title: 'Too many wrong codes',
    detail: 'Codes of your app do not count for a while.',
    hint: 'Wait, or use a key or a recovery code.',
  },
  FACTOR_LIMIT: {
    status: 409,
    title: 'Not added',
    detail: 'You have as many as you may, or this one is in use already.',
    hint: 'Remove one first.',
  },
  FACTOR_MODEL: {
    status: 403,
    title: 'Not added',
    detail: 'This site takes certain models alone.',
    hint: 'Use a key that the site has given you.',
  },
  FACTOR_UNKNOWN: {
    status: 404,
    title: 'Not there',
    detail: 'You have no such key or app.',
    hint: 'Open the page again.',
  },
  ENROLMENT_CLOSED: {
    status: 403,
    title: 'Not added',
    detail: 'Whoever signs in cannot add a first key or app by that alone.',
    hint: 'Ask who manages your account for a code, and type it here.',
  },
  CHALLENGE_GONE: {
    status: 410,
    title: 'Too late',
    detail: 'This page is too old, was used before, or belongs to another browser.',
    hint: 'Open the site that you want, and try again.',
  },
} as const satisfies { readonly [code: string]: AnswerKind };
