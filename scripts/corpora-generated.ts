// npm run corpora:generated [-- --files N --seed S --built --only NUMBER --keep FOLDER]: ingests
// generated corpus files and compares what each became with the truth about it.
//
// A file may be refused, but never misread in silence: accepted with more than one in a thousand of
// its credentials wrong or missing. One format in four is held out: --built leaves them out, for
// runs while ingest is built. --keep keeps the files, --only makes a single one. --max-misread and
// --max-refused are percentages above which the run fails: 0 of all files, and 5 of readable ones.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openKeyFile } from '../store/key-file.ts';
import { type GeneratedFile, generateFile } from '../test/support/generated/generate.ts';
import { runCommand } from '../test/support/judge/command.ts';
import { type Judgement, judge, writeGenerated } from '../test/support/judge/judge.ts';
import { describeRefusals, formatJudgement, formatOutcomes, refusedShare } from '../test/support/judge/report.ts';
import { checkServed } from '../test/support/judge/served.ts';

/** One accepted file in this number is asked about through a server. */
const SERVED = 20;
/** An ingest waits for its threads to start, so several run at once. */
const AT_ONCE = 4;

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '2000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string' },
    keep: { type: 'string' },
    built: { type: 'boolean', default: false },
    'max-misread': { type: 'string', default: '0' },
    'max-refused': { type: 'string', default: '5' },
  },
});
const seed = Number(values.seed);
const isBuilt = values.built;

function* generateAll(): Iterable<GeneratedFile> {
  if (values.only !== undefined) yield generateFile(seed, Number(values.only), isBuilt);
  else for (let number = 0; number < Number(values.files); number++) yield generateFile(seed, number, isBuilt);
}

interface Judged {
  readonly judgements: Judgement[];
  /** Those whose runs are kept, to be published. */
  readonly served: Judgement[];
}

/** Takes files from the queue until there are none. */
async function judgeQueue(home: string, folder: string, queue: Iterable<GeneratedFile>): Promise<Judged> {
  const suite = openKeyFile(`${folder}.key`).createSuite();
  const judged: Judged = { judgements: [], served: [] };
  for (const file of queue) {
    const place = path.join(home, `file${file.number}`);
    if (values.keep !== undefined) writeGenerated(path.join(values.keep, String(file.number)), file);
    const judgement = await judge({ folder, suite }, file, place);
    fs.rmSync(place, { recursive: true, force: true });
    judged.judgements.push(judgement);
    const isServed = judgement.outcome === 'right' && file.number % SERVED === 0;
    if (isServed) judged.served.push(judgement);
    else if (judgement.source !== undefined) fs.rmSync(path.join(folder, 'runs', `${judgement.source}.run`));
  }
  return judged;
}

/** A queue that several readers share. */
function* shareQueue(iterator: Iterator<GeneratedFile>): Iterable<GeneratedFile> {
  for (let next = iterator.next(); !next.done; next = iterator.next()) yield next.value;
}

async function mustRun(args: readonly string[]): Promise<void> {
  const refusal = await runCommand(args);
  if (refusal) throw new Error(`${refusal.code}: ${refusal.message}`);
}

/** Judges all files with one dataset for each reader of the queue, then asks a server of each. */
async function checkAll(home: string): Promise<{ judgements: Judgement[]; verdicts: number }> {
  const queue = generateAll()[Symbol.iterator]();
  const folders = Array.from({ length: AT_ONCE }, (_, at) => path.join(home, `dataset${at}`));
  const all = await Promise.all(
    folders.map(async (folder) => {
      await mustRun(['init', folder, '--suite', 'hmac', '--index', 'account,password,sha1,ntlm']);
      return judgeQueue(home, folder, shareQueue(queue));
    }),
  );
  let verdicts = 0;
  for (const [at, { served }] of all.entries()) {
    const folder = folders[at] as string;
    if (served.length === 0) continue;
    await mustRun(['publish', folder]);
    verdicts += await checkServed(folder, served);
  }
  const judgements = all.flatMap((judged) => judged.judgements).sort((a, b) => a.file.number - b.file.number);
  return { judgements, verdicts };
}

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-generated-'));
try {
  const what = values.only === undefined ? `${values.files} generated files` : `generated file ${values.only}`;
  console.log(`${what}: --seed ${seed}${isBuilt ? ' --built' : ''}`);
  const startedAt = performance.now();
  const { judgements, verdicts } = await checkAll(home);
  for (const judgement of judgements)
    if (!judgement.outcome.startsWith('right') || values.only !== undefined)
      console.log(formatJudgement(judgement, values.only === undefined));
  console.log(formatOutcomes(judgements));
  const refused = 100 * refusedShare(judgements);
  const misread = judgements.filter(({ outcome }) => outcome === 'misread' || outcome === 'crashed').length;
  console.log(
    `misread: ${misread}; refused though readable: ${refused.toFixed(1)}%, ${describeRefusals(judgements)}; ` +
      `${verdicts} verdicts of a server are right; ` +
      `${((performance.now() - startedAt) / 1000).toFixed(0)} s (seed ${seed})`,
  );
  const isMisread = (100 * misread) / judgements.length > Number(values['max-misread']);
  if (isMisread || refused > Number(values['max-refused'])) process.exitCode = 1;
} finally {
  fs.rmSync(home, { recursive: true, force: true });
}
