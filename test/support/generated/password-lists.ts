// Lists of passwords, with and without counts.

import { draftOf, emptyTruth, type Family } from './draft.ts';

const FORMS: { readonly [dialect: string]: (password: string, times: number, separator: string) => string } = {
  'password count': (password, times, separator) => `${password}${separator}${times}`,
  'count password': (password, times, separator) => `${times}${separator}${password}`,
};

export const passwords: Family = {
  name: 'passwords',
  weight: 4,
  dialects: ['one a line', 'hex', 'with separators'],
  separators: ['-'],
  make({ words, dialect, size }) {
    const truth = emptyTruth();
    const records = Array.from({ length: size }, () => {
      const password = words.password(dialect === 'with separators' ? '' : ':;|,\t');
      truth.holds.passwords.push({ password, times: 1 });
      return dialect === 'hex' && words.chance(15) ? `$HEX[${Buffer.from(password).toString('hex')}]` : password;
    });
    return draftOf(records, truth, { noise: ['blank'] });
  },
};

export const countedPasswords: Family = {
  name: 'counted passwords',
  weight: 5,
  dialects: ['password count', 'count password', 'uniq -c', 'header'],
  separators: [' ', '\t', ',', ':', ';'],
  make({ words, dialect, separator, size }) {
    const truth = emptyTruth();
    const times = Array.from({ length: size }, () => words.number(1, 90_000)).sort((a, b) => b - a);
    const write = FORMS[dialect] ?? (FORMS['password count'] as (typeof FORMS)[string]);
    const records = times.map((count) => {
      const password = words.password(separator);
      truth.holds.passwords.push({ password, times: count });
      return dialect === 'uniq -c' ? `${String(count).padStart(7)} ${password}` : write(password, count, separator);
    });
    return draftOf(records, truth, {
      head: dialect === 'header' ? [`password${separator}count`] : [],
      noise: ['blank'],
    });
  },
};
