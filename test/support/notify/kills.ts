// Kills `match --notify` and `events send` at random moments, and compares what a receiver got.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createWorkPlace, credveil, startCredveil, type WorkPlace } from '../credveil.ts';
import { COLUMNS, createWorld, parseRows } from '../match/world.ts';
import { createRandom, type Random } from '../random.ts';
import { type Received, startReceiver } from './receiver.ts';

export interface KillFigures {
  kills: number;
  rounds: number;
  /** Requests beyond one for each event: kills that hit a delivery. */
  repeats: number;
  events: number;
  /** What went wrong; none if all is well. */
  readonly faults: string[];
}

/** Before a round may complete. */
const MAX_KILLS_A_ROUND = 6;
/** From the start of Node on an idle machine to the last delivery. */
const MAX_DELAY_MS = 2500;
/** A request is not answered yet when it counts: what it brought is sent again. */
const MAX_REQUESTS = 40;
/** For a run that sends fewer. */
const PATIENCE_MS = 6000;
const MAX_SENDS = 20;

/** Kills at least so many processes. */
export async function killSenders(kills: number, seed: number): Promise<KillFigures> {
  const random = createRandom(seed);
  const figures: KillFigures = { kills: 0, rounds: 0, repeats: 0, events: 0, faults: [] };
  while (figures.kills < kills && figures.faults.length === 0) {
    const place = createWorkPlace();
    try {
      await runRound(place, random, Math.min(MAX_KILLS_A_ROUND, kills - figures.kills), figures);
      figures.rounds++;
    } finally {
      place.dispose();
    }
  }
  return figures;
}

async function runRound(place: WorkPlace, random: Random, kills: number, figures: KillFigures): Promise<void> {
  const { users, corpora, planted } = createWorld(place, { accounts: 200, seed: random.below(1e6) });
  let isFaulty = true;
  let countDown = (): void => {};
  const taken = new Set<string>();
  const receiver = await startReceiver((response, received) => {
    countDown();
    const luck = isFaulty ? random.below(40) : 9;
    // Lost: it took the event, and the sender does not learn it.
    if (luck === 0) return response.destroy();
    if (luck === 1) return response.writeHead(503).end();
    taken.add(received.headers['webhook-id'] as string);
    setTimeout(() => response.writeHead(204).end(), random.below(150));
  });
  const secret = `whsec_${createHash('sha256').update('secret').digest('base64')}`;
  fs.writeFileSync(place.at('secret'), secret, { mode: 0o600 });
  const hook = { kind: 'webhook', url: receiver.url, secretFile: 'secret', allow: ['127.0.0.1'] };
  const sink = ['--notify', place.write('hook.json', JSON.stringify(hook)), '--outbox-file', place.at('outbox')];
  const reading = ['match', users, '--columns', COLUMNS, '--against', corpora, '--state', place.at('state')];
  for (let kill = 0; kill < kills; kill++) {
    const args = fs.existsSync(place.at('outbox')) && random.below(2) === 0 ? ['events', 'send', '--now'] : reading;
    const running = startCredveil([...args, ...sink]);
    running.child.stdin?.end();
    const isTimed = random.below(2) === 0;
    const asked = new Promise<void>((resolve) => {
      let left = 1 + random.below(MAX_REQUESTS);
      countDown = () => --left === 0 && resolve();
    });
    const waits = [sleep(isTimed ? random.below(MAX_DELAY_MS) : PATIENCE_MS), running.ended];
    await Promise.race(isTimed ? waits : [...waits, asked]);
    running.child.kill('SIGKILL');
    if ((await running.ended).code === null) figures.kills++;
  }
  isFaulty = false;
  // Nobody waits for the backoff of what failed before.
  if (fs.existsSync(place.at('outbox'))) await credveil(['events', 'send', '--now', ...sink]);
  const { stdout } = await credveil([...reading, ...sink]);
  const found = parseRows(stdout).map(({ account }) => account);
  if (String(found.sort()) !== String([...planted.keys()].sort())) figures.faults.push('other accounts were found');
  for (let sends = 0; (await credveil(['events', 'send', '--now', ...sink])).code !== 0; )
    if (++sends === MAX_SENDS) {
      figures.faults.push('the events were not sent in the end');
      break;
    }
  compare(receiver.received, taken, planted, figures);
  await receiver.close();
}

function compare(
  received: readonly Received[],
  taken: ReadonlySet<string>,
  planted: ReadonlyMap<string, string>,
  figures: KillFigures,
): void {
  const idsOf = new Map<string, Set<string>>();
  for (const { headers, body } of received) {
    const { id, data } = JSON.parse(body) as { id: string; data: { account: string } };
    if (id !== headers['webhook-id']) figures.faults.push('two ids in one request');
    const ids = idsOf.get(data.account) ?? new Set();
    idsOf.set(data.account, ids.add(id));
  }
  for (const account of planted.keys()) {
    const ids = [...(idsOf.get(account) ?? [])];
    if (ids.length !== 1) figures.faults.push(`account ${account} was sent under ${ids.length} ids`);
    else if (!taken.has(ids[0] as string)) figures.faults.push(`account ${account} was lost`);
  }
  for (const account of idsOf.keys()) if (!planted.has(account)) figures.faults.push(`account ${account} was invented`);
  figures.events += planted.size;
  figures.repeats += received.length - planted.size;
}
