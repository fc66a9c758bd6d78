// What an interrupted publish leaves: a plan, and a note on each finished part, with the digests of
// its files. The next one takes them up if its plan is the same. A note is made once all runs have
// been checked: what was made of an altered one would be taken for that of the whole one.
//
// A note is JSON and, in a second line, what vouches for snapshots, a signature or MAC, of (label ‖
// its name ‖ LF ‖ JSON) in hex: one that was cut, altered or renamed, or that another key made,
// counts as missing. Where a publisher signs, clients can make none: roots of trees come from them.

import { timingSafeEqual } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { IndexName } from '../../../protocol/bucket-id.ts';
import type { Signer } from '../../../protocol/signed/envelope.ts';
import { PRIVATE_FOLDER } from '../../dataset.ts';
import { readRegularFile } from '../../files.ts';
import type { SectionName } from '../../run/sections.ts';
import type { Part } from './part.ts';
import type { EncodeTask, PartCount, RangesTask, ResultOf } from './part-work.ts';

/** Tasks whose results are kept. */
type DoneTask = EncodeTask | RangesTask;

const LABEL = 'credveil leftover 3 ';
const MAX_NOTE_BYTES = 2 ** 26;

export interface PlannedCount extends PartCount {
  /** Otherwise they are bounds that lead to the same choices. */
  readonly isExact: boolean;
}

/** What decides the bytes of every part. */
export interface PartPlan {
  /** The program's version: another one may write other bytes. */
  readonly program: string;
  readonly layer: string;
  readonly parts: { readonly [name in SectionName]?: number };
  readonly counts: { readonly [name in IndexName]?: PlannedCount };
}

export type PlanBasis = Omit<PartPlan, 'counts'>;

/** What decides the bytes of a part. Runs that were altered for a while give another plan. */
export interface PartShape {
  readonly layer: string;
  readonly part: Part;
  /** Of an index. */
  readonly prefixBits?: number;
  /** Of the whole filter; 0 without one. */
  readonly blocks?: number;
}

export class Leftovers {
  readonly #folder: string;
  readonly #signer: Signer;

  /** @param signer gives equal bytes for equal messages, as MACs and Ed25519 do */
  constructor(folder: string, signer: Signer) {
    this.#folder = folder;
    this.#signer = signer;
  }

  /**
   * What an earlier attempt counted. If that attempt was another's, everything of it is deleted.
   */
  takeUp({ program, layer, parts }: PlanBasis): PartPlan['counts'] | undefined {
    const found = this.#read('plan') as PartPlan | undefined;
    const isSame =
      found?.program === program && found.layer === layer && JSON.stringify(found.parts) === JSON.stringify(parts);
    if (isSame) return found.counts;
    fs.rmSync(this.#folder, { recursive: true, force: true });
    fs.mkdirSync(this.#folder, PRIVATE_FOLDER);
    return undefined;
  }

  keepPlan(plan: PartPlan): void {
    this.#write('plan', plan);
  }

  keepPart<T extends DoneTask>(shape: PartShape, result: ResultOf<T>): void {
    this.#write(nameOf(shape.part), { shape, result });
  }

  /** What an earlier attempt says of a part. */
  partOf<T extends DoneTask>(shape: PartShape): ResultOf<T> | undefined {
    const note = this.#read(nameOf(shape.part)) as { shape: PartShape; result: ResultOf<T> } | undefined;
    return note && isDeepStrictEqual(note.shape, shape) ? note.result : undefined;
  }

  /** The file of a part's bodies, or of its blocks of the filter. */
  fileOf(part: Part, kind: 'bodies' | 'blocks'): string {
    return path.join(this.#folder, `${nameOf(part)}.${kind}`);
  }

  #read(name: string): unknown {
    try {
      const text = readRegularFile(this.#noteFile(name), MAX_NOTE_BYTES, (why) => new Error(why));
      const [json = '', signature = ''] = text.split('\n');
      const found = Buffer.from(signature, 'hex');
      const expected = this.#sign(name, json);
      return found.length === expected.length && timingSafeEqual(found, expected) ? JSON.parse(json) : undefined;
    } catch {
      return undefined;
    }
  }

  #write(name: string, value: unknown): void {
    const json = JSON.stringify(value);
    const aside = `${this.#noteFile(name)}.part`;
    fs.writeFileSync(aside, `${json}\n${this.#sign(name, json).toString('hex')}\n`, { mode: 0o600 });
    fs.renameSync(aside, this.#noteFile(name));
  }

  #noteFile(name: string): string {
    return path.join(this.#folder, `${name}.note`);
  }

  #sign(name: string, json: string): Buffer {
    return Buffer.from(this.#signer.sign(Buffer.from(`${LABEL}${name}\n${json}`)));
  }
}

const nameOf = ({ index, number }: Part): string => `${index}-${String(number).padStart(3, '0')}`;
