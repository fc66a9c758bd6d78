// Spellings of a password that applications undo before they compare it.

import { expect, test } from 'vitest';
import { spellingsOf } from '../../../gateway/checks/password-spellings.ts';

test.each([
  ['blanks around it', ' hunter2hunter2\u00a0'],
  ['a soft hyphen', 'hunter2\u00adhunter2'],
  ['no width', '\u200bhunter2hunter2\u2060'],
  ['full width', '\uff48unter2hunter\uff12'],
  ['a tag', '<b>hunter2</b>hunter2'],
  ['a backslash', 'hunter2\\hunter2'],
  ['entities', '&#104;unter2&#x68;unter2'],
  ['escaped twice', 'hunter2%68unter2'],
  ['several of them', ' <i>\uff48unter2\\%68unter2'],
])('%s', (_, typed) => {
  expect(spellingsOf(typed)).toContain('hunter2hunter2');
  expect(spellingsOf(typed)[0]).toBe(typed);
});

test.each(['hunter2!', 'a<b>', 'AT&T', '100%', 'a\\', '%zz%e4', '&#99999999;', ' '])(
  '%j is asked for itself',
  (typed) => {
    expect(spellingsOf(typed)[0]).toBe(typed);
    expect(spellingsOf(typed)).not.toContain('');
  },
);

test('most passwords have no other spelling', () => {
  expect(spellingsOf('correct-horse:battery+staple')).toEqual(['correct-horse:battery+staple']);
});
