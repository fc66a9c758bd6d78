// The user whom a cookie of a session names, as the application itself does.

import { isUtf8 } from 'node:buffer';
import { nameBytes } from '../checks/typed-text.ts';
import type { SetCookie } from '../fields/set-cookies.ts';
import { urlDecode } from '../rules/functions/text.ts';
import { createNameTest } from './cookie-names.ts';
import type { SessionUser } from './preset-schema.ts';

/** No application has longer names. */
const MAX_USER_BYTES = 1_024;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

export interface UserReader {
  /** Whether cookies of this name have a user. */
  names(cookie: string): boolean;
  /** Undefined for a value that the application does not write. */
  read(cookie: SetCookie): string | undefined;
}

export function createUserReader({ cookies, until, coding }: SessionUser): UserReader {
  return {
    names: createNameTest(cookies),
    read: ({ value }) => {
      const decoded = urlDecode(value);
      const end = until === undefined ? decoded.length : decoded.indexOf(until);
      const bytes = end < 0 ? undefined : decodeWith(coding, decoded.slice(0, end));
      return bytes && bytes.length > 0 && bytes.length <= MAX_USER_BYTES && isUtf8(bytes)
        ? bytes.toString('utf8')
        : undefined;
    },
  };
}

/** Whether two names are one to a check. */
export const isSameName = (a: string, b: string): boolean => Buffer.compare(nameBytes(a), nameBytes(b)) === 0;

function decodeWith(coding: SessionUser['coding'], text: string): Buffer | undefined {
  if (coding === undefined) return Buffer.from(text, 'latin1');
  return BASE64.test(text) ? Buffer.from(text, 'base64') : undefined;
}
