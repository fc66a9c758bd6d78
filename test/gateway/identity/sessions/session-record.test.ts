// Sessions as the state has them.

import { expect, test } from 'vitest';
import { parseAppRecord, parsePersonRecord } from '../../../../gateway/identity/sessions/session-record.ts';

test('a session in another form is none', () => {
  const sound = [3, 1, 1, 1, 1, 'p', 's', null, ['g'], [['c', ['v']]], ['pwd'], [['totp', 'f', 1, 1]], null, null];
  expect(parsePersonRecord(JSON.stringify(sound))).toMatchObject({ signedInAt: 1, factors: [{ method: 'totp' }] });
  const odd: readonly (readonly [at: number, value: unknown])[] = [
    ...([
      [0, 1],
      [2, 1.5],
      [4, 1e16],
      [8, 'g'],
      [8, [1]],
      [12, 1],
      [13, 1],
    ] as const),
    ...[['sms', 'f', 1, 1], ['totp', 1, 1, 1], ['totp', 'f', 1.5, 1], ['totp', 'f', 1], 'totp'].map(
      (given) => [11, [given]] as const,
    ),
    ...[null, {}, 'x'].map((given) => [11, given] as const),
  ];
  for (const [at, value] of odd) {
    const text = JSON.stringify(sound.with(at, value as string));
    expect(parsePersonRecord(text), text).toBeUndefined();
  }
  for (const text of ['{}', 'x', '[3]', JSON.stringify(sound.slice(0, 13))])
    expect(parsePersonRecord(text), text).toBeUndefined();
  expect(parseAppRecord('[3,"a","p",1,1,"w"]')).toBeDefined();
  const apps = ['[1,"a","p",1,1,"w"]', '[3,"a","p",1.5,1,"w"]', '[3,"a","",1,1,"w"]', '[3,"a","p",1,1,""]', '[3,"a"]'];
  for (const text of [...apps, '[3,"a","p",1,1,"w",1]']) expect(parseAppRecord(text), text).toBeUndefined();
});
