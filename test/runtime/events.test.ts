// Errors in events: a code and a next step, and no message of a library.

import { expect, test } from 'vitest';
import { nameError } from '../../runtime/events.ts';

test.each([
  ['ENOSPC', /Free space/],
  ['EROFS', /that can be written/],
  ['EACCES', /Let the user/],
  ['EMFILE', /LimitNOFILE/],
  ['ERR_OTHER', /Report this/],
])('an error %s has a hint', (code, hint) => {
  const named = nameError(Object.assign(new Error('/secret/path'), { code }));
  expect(named).toEqual({ code, hint: expect.stringMatching(hint) });
});
