// Sessions as the state has them.

import { expect, test } from 'vitest';
import { parseAppRecord, parsePersonRecord } from '../../../../gateway/identity/sessions/session-record.ts';

test('a session is none that the state has in another form', () => {
  const person = [
    '[1,1,1,1e16,"p","s",null,[],[],[],null]',
    '[2,1,1,1,"p","s",null,[],[],[],null]',
    '[1,1,1,1,"p","s",null,[],[],[],1]',
    ...['{}', 'x', '[1]'],
  ];
  for (const text of person) expect(parsePersonRecord(text), text).toBeUndefined();
  expect(parsePersonRecord('[1,1,1,1,"p","s",null,["g"],[["c",["v"]]],["pwd"],null]')).toMatchObject({
    signedInAt: 1,
  });
  for (const text of ['[1,1,1,1,"p","s",null,"g",[],[],null]', '[1,1,1,1,"p","s",null,[1],[],[],null]'])
    expect(parsePersonRecord(text), text).toBeUndefined();
  for (const text of ['[1,"a","p",1.5]', '[1,"a","",1]', '[1,"a","p"]', '[1,"a","p",1,1]'])
    expect(parseAppRecord(text), text).toBeUndefined();
});
