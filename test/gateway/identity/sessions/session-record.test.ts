// Sessions as the state has them.

import { expect, test } from 'vitest';
import { parseAppRecord, parsePersonRecord } from '../../../../gateway/identity/sessions/session-record.ts';

test('a session in another form is none', () => {
  const sound = [
    4,
    1,
    1,
    1,
    1,
    'p',
    'o',
    's',
    null,
    ['g'],
    [['c', ['v']]],
    ['pwd'],
    [['totp', 'f', 1, 1]],
    null,
    null,
    [1, 'j', 'b'],
  ];
  expect(parsePersonRecord(JSON.stringify(sound))).toMatchObject({ signedInAt: 1, factors: [{ method: 'totp' }] });
  const odd: readonly (readonly [at: number, value: unknown])[] = [
    ...([
      [0, 1],
      [2, 1.5],
      [4, 1e16],
      [6, ''],
      [9, 'g'],
      [9, [1]],
      [13, 1],
      [14, 1],
      [15, [1, 'j']],
      [15, ['1', 'j', 'b']],
      [15, 1],
    ] as const),
    ...[['sms', 'f', 1, 1], ['totp', 1, 1, 1], ['totp', 'f', 1.5, 1], ['totp', 'f', 1], 'totp'].map(
      (given) => [12, [given]] as const,
    ),
    ...[null, {}, 'x'].map((given) => [12, given] as const),
  ];
  for (const [at, value] of odd) {
    const text = JSON.stringify(sound.with(at, value as string));
    expect(parsePersonRecord(text), text).toBeUndefined();
  }
  for (const text of ['{}', 'x', '[4]', JSON.stringify(sound.slice(0, 15))])
    expect(parsePersonRecord(text), text).toBeUndefined();
  expect(parseAppRecord('[4,"a","p",1,1,1,"w"]')).toBeDefined();
  const apps = ['[3,"a","p",1,1,1,"w"]', '[4,"a","p",1.5,1,1,"w"]', '[4,"a","p",1,1,"1","w"]', '[4,"a","",1,1,1,"w"]'];
  for (const text of [...apps, '[4,"a","p",1,1,1,""]', '[4,"a"]', '[4,"a","p",1,1,1,"w",1]'])
    expect(parseAppRecord(text), text).toBeUndefined();
});
