// The folder of a stealer: one sub-folder for each machine, with passwords among other files.

import { createRandom } from '../random.ts';
import { toolBlocks } from './block-files.ts';
import { emptyTruth } from './draft.ts';
import { Vocabulary } from './vocabulary.ts';
import { type Tree, WRAPS, zipOf } from './wraps.ts';

const TOOLS = ['RedLine', 'Vidar', 'Lightning', 'StealC', 'Raccoon'];

function machineFiles(
  words: Vocabulary,
  tool: string,
  truth: ReturnType<typeof emptyTruth>,
): Map<string, string | Buffer> {
  const draft = toolBlocks.make({ words, dialect: tool, separator: '-', size: words.number(5, 40) });
  truth.holds.add(draft.truth.holds);
  truth.mayHold.usernames.push('ann');
  truth.mayHold.pairs.push({ username: 'ann', password: '' });
  const autofills = Array.from(
    { length: 12 },
    () => `Name: ${words.pick(['email', 'city', 'phone', 'q'])}\nValue: ${words.word()}\n`,
  );
  const cookies = Array.from({ length: 20 }, () =>
    [`.${words.host()}`, 'TRUE', '/', 'FALSE', '1793000000', words.word(), words.hex(20)].join('\t'),
  );
  return new Map<string, string | Buffer>([
    ['Autofills/Google_[Chrome]_Default.txt', autofills.join('\n')],
    ['Cookies/Google_[Chrome]_Default.txt', cookies.join('\n')],
    ['Passwords.txt', [...draft.head, ...draft.records].join('\n')],
    [
      'Screenshot.jpg',
      Buffer.concat([Buffer.from('\xff\xd8\xff\xe0\0\x10JFIF\0', 'latin1'), words.random.bytes(4000)]),
    ],
    ['UserInformation.txt', `Build ID: x64\nIP: ${words.ip()}\nUserName: ann\nCountry: DE\nOS: Windows 10 Pro x64\n`],
    ['InstalledSoftware.txt', `1) ${words.word()} [1.2.3]\n2) ${words.word()} [9.0]\n`],
  ]);
}

export function victimTree(seed: number, mark: string) {
  const random = createRandom(seed);
  const words = new Vocabulary(random.next(), random.pick(['ascii', 'latin', 'cyrillic', 'any'] as const), mark);
  const tool = random.pick(TOOLS);
  const truth = emptyTruth();
  const tree = new Map<string, Buffer>();
  for (let machine = random.below(4); machine >= 0; machine--) {
    const folder = `[DE]${words.hex(12)}_${words.date()}`;
    for (const [name, content] of machineFiles(words, tool, truth)) {
      const text = typeof content === 'string' ? Buffer.from(content.replaceAll('\n', '\r\n')) : content;
      tree.set(`${folder}/${name}`, text);
    }
  }
  const wrap = random.pick(['folder', 'zip', 'tar.gz']);
  const wrapped: Tree = wrap === 'zip' ? new Map([['logs.zip', zipOf(tree)]]) : (WRAPS[wrap]?.(tree) ?? tree);
  return {
    group: 'folders of a stealer',
    combination: `${tool}; ${wrap}`,
    isHeldOut: false,
    tree: wrapped,
    isFolder: wrap === 'folder',
    truth,
    noiseLines: 0,
    options: [],
    mayRefuse: false,
  };
}
