// Files of blocks with labels: logs of stealers and exports of password viewers.

import { LANGUAGE_LABELS, type Labels, TOOL_LABELS } from './block-labels.ts';
import { draftOf, emptyTruth, type Family, type MakerContext, type Pair, type Truth } from './draft.ts';
import type { Vocabulary } from './vocabulary.ts';

const BROWSERS = ['Google_[Chrome]_Default', 'Microsoft_[Edge]_Default', 'Firefox (abc123.default-release)', 'Opera'];

/** A block of the tool, without what stands between blocks. */
function toolBlock(tool: string, [site, user, pass]: Labels, words: Vocabulary, { username, password }: Pair): string {
  const url = words.url();
  switch (tool) {
    case 'RedLine':
      return `URL: ${url}\nUsername: ${username}\nPassword: ${password}\nApplication: ${words.pick(BROWSERS)}\n===============`;
    case 'Vidar':
      return `Soft: ${words.pick(BROWSERS)}\nHost: ${url}\nLogin: ${username}\nPassword: ${password}\n`;
    case 'Lightning':
      return `Storage: Chromium Default\nURL: ${url}\nUSER: ${username}\nPASS: ${password}\n=======Lightning=======`;
    case 'LaZagne':
      return `[+] Password found !!!\nURL: ${url}\nLogin: ${username}\nPassword: ${password}\n`;
    case 'StealC':
      return `browser: Chrome\nprofile: Default\nurl: ${url}\nlogin: ${username}\npassword: ${password}\n`;
    case 'Azorult':
      return `SOFT:\t${words.pick(BROWSERS)}\nURL:\t${url}\nUSER:\t${username}\nPASS:\t${password}\n`;
    case 'ChromePass':
      return viewerBlock([
        ['Origin URL', url],
        ['Action URL', url],
        ['User Name Field', 'email'],
        ['Password Field', 'pass'],
        ['User Name', username],
        ['Password', password],
        ['Created Time', `${words.date()} 11:24:09`],
        ['Password Strength', words.pick(['Strong', 'Medium', 'Very Strong'])],
        ['Password File', 'C:\\Users\\ann\\AppData\\Local\\Google\\Chrome\\User Data\\Default\\Login Data'],
      ]);
    case 'WebBrowserPassView':
      return viewerBlock([
        ['URL', url],
        ['Web Browser', 'Chrome'],
        ['User Name', username],
        ['Password', password],
        ['Password Strength', words.pick(['Strong', 'Medium', 'Very Strong'])],
        ['User Name Field', ''],
        ['Password Field', ''],
        ['Filename', 'C:\\Users\\bob\\AppData\\Local\\Google\\Chrome\\User Data\\Default\\Login Data'],
      ]);
    default:
      return `${site}: ${url}\n${user}: ${username}\n${pass}: ${password}\n`;
  }
}

function viewerBlock(fields: readonly (readonly [label: string, value: string])[]): string {
  const ruler = '='.repeat(50);
  return `${ruler}\n${fields.map(([label, value]) => `${label.padEnd(18)}: ${value}`).join('\n')}\n${ruler}\n`;
}

function pairsOf({ words, size }: MakerContext, truth: Truth, write: (pair: Pair) => string): string[] {
  return Array.from({ length: size }, () => {
    const pair = words.pair();
    truth.holds.pairs.push(pair);
    return write(pair);
  });
}

export const toolBlocks: Family = {
  name: 'blocks of tools',
  weight: 8,
  dialects: Object.keys(TOOL_LABELS),
  separators: ['-'],
  make(context) {
    const truth = emptyTruth();
    const { dialect, words } = context;
    const labels = TOOL_LABELS[dialect] as Labels;
    const records = pairsOf(context, truth, (pair) => toolBlock(dialect, labels, words, pair));
    return draftOf(records, truth, { head: bannerOf(words), noise: ['blank', 'ads', 'rulers'] });
  },
};

/** Art and advertisements at the top of a log. */
function bannerOf(words: Vocabulary): string[] {
  if (words.chance(50)) return [];
  const brand = words.word().toUpperCase();
  return [
    `*****************************************`,
    `*            ${brand} LOGS              *`,
    `*    Telegram: https://t.me/${words.word()}    *`,
    `*****************************************`,
    '',
  ];
}

export const languageBlocks: Family = {
  name: 'blocks of languages',
  weight: 8,
  dialects: Object.keys(LANGUAGE_LABELS),
  separators: [': ', ' : ', ':', '：', ' - ', '='],
  make(context) {
    const { dialect, separator, words } = context;
    const truth = emptyTruth();
    const [site, user, pass] = LANGUAGE_LABELS[dialect] as Labels;
    const ruler = words.pick(['', '-'.repeat(20), '='.repeat(15), `=====[ ${words.word()} ]=====`, '~~~~~']);
    const records = pairsOf(context, truth, ({ username, password }) =>
      [`${site}${separator}${words.url()}`, `${user}${separator}${username}`, `${pass}${separator}${password}`, ruler]
        .join('\n')
        .concat(ruler === '' ? '' : '\n'),
    );
    return draftOf(records, truth, { noise: ['blank', 'ads', 'rulers'] });
  },
};

/** Blocks that are not whole, or whose values stand below their labels. */
export const oddBlocks: Family = {
  name: 'odd blocks',
  weight: 3,
  dialects: ['value below', 'half', 'fields of others', 'orders'],
  separators: [': ', ':\t'],
  make(context) {
    const { dialect, separator: s, words } = context;
    const truth = emptyTruth();
    const records = Array.from({ length: context.size }, () => {
      const { username, password } = words.pair();
      const url = words.url();
      if (dialect === 'half' && words.chance(20)) return halfBlock(words, truth, s);
      truth.holds.pairs.push({ username, password });
      switch (dialect) {
        case 'value below':
          return `URL:\n${url}\nUsername:\n${username}\nPassword:\n${password}\n`;
        case 'fields of others':
          return `Browser${s}Chrome\nURL${s}${url}\nUsername${s}${username}\nPassword${s}${password}\nCreated${s}${words.date()}\nTimes used${s}${words.number(1, 40)}\n`;
        case 'orders':
          return words.chance(50)
            ? `Username${s}${username}\nPassword${s}${password}\nURL${s}${url}\n`
            : `URL${s}${url}\nUsername${s}${username}\nPassword${s}${password}\n`;
        default:
          return `URL${s}${url}\nUsername${s}${username}\nPassword${s}${password}\n`;
      }
    });
    return draftOf(records, truth, { noise: ['blank', 'rulers'] });
  },
};

/** A block with the username or the password alone. */
function halfBlock(words: Vocabulary, truth: Truth, s: string): string {
  const { username, password } = words.pair();
  if (words.chance(50)) {
    truth.holds.passwords.push({ password, times: 1 });
    return `URL${s}${words.url()}\nUsername${s}\nPassword${s}${password}\n`;
  }
  truth.holds.usernames.push(username);
  truth.mayHold.pairs.push({ username, password: '' });
  return `URL${s}${words.url()}\nUsername${s}${username}\nPassword${s}\n`;
}
