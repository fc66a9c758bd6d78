// The report of an ingest: what each text of the corpus was read as, and why.

import { MAX_PLANTED, type PlantedFound, type ReportedText, type RunReport } from '../../store/run/run-report.ts';
import type { ColumnUse } from '../formats/columns.ts';
import type { Recognised } from '../formats/format.ts';
import { describeOptions } from '../formats/format-options.ts';
import { RejectCounter, type RejectCounts, type RejectExamples } from '../rejects.ts';
import { type Alarm, findAlarms } from './alarms.ts';
import { type PlantedCounts, PlantedTally } from './planted.ts';
import { addSigns, type SignCounts } from './signs.ts';

/** Texts that a report describes one by one. */
const MAX_TEXTS = 500;
const MAX_NAME = 512;

/** What a segment of a text adds. */
export interface SegmentFindings {
  readonly credentials: number;
  readonly rejects: RejectCounts;
  readonly examples: RejectExamples;
  readonly signs: SignCounts;
  readonly planted?: PlantedCounts;
}

/** Of a text without credentials. */
const NO_SIGNS: SignCounts = { observed: 0, signs: {}, usernames: [], passwords: [], lengths: [] };

interface Text {
  readonly name: string;
  readonly recognised: Recognised;
  readonly rejects: RejectCounter;
  columns: ColumnUse | undefined;
  credentials: number;
  signs: SignCounts | undefined;
}

export interface FoundAlarm extends Alarm {
  readonly text: string;
}

/** Collects what became of each text. */
export class ReportBuilder {
  readonly #texts: Text[] = [];
  readonly #planted = new PlantedTally();

  /** @returns the number of the text */
  open(name: string, recognised: Recognised): number {
    return (
      this.#texts.push({
        name: name.slice(0, MAX_NAME),
        recognised,
        rejects: new RejectCounter(),
        columns: undefined,
        credentials: 0,
        signs: undefined,
      }) - 1
    );
  }

  addSegment(text: number, { credentials, rejects, examples, signs, planted }: SegmentFindings): void {
    this.addPlanted(planted);
    const found = this.#at(text);
    found.credentials += credentials;
    found.rejects.addAll(rejects, examples);
    found.signs = addSigns(found.signs, signs);
  }

  /** Adds accounts of a text that was not read too. */
  addPlanted(counts: PlantedCounts | undefined): void {
    this.#planted.add(counts);
  }

  /** Adds credentials that were not read again. */
  addKept(text: number, credentials: number): void {
    this.#at(text).credentials += credentials;
  }

  setColumns(text: number, columns: ColumnUse): void {
    this.#at(text).columns = columns;
  }

  /** Takes rejects of the text outside its segments. */
  rejectsOf(text: number): RejectCounter {
    return this.#at(text).rejects;
  }

  get formats(): readonly Recognised['format'][] {
    return this.#texts.map(({ recognised }) => recognised.format);
  }

  /** All alarms, the texts with the greatest shares first. */
  alarms(): FoundAlarm[] {
    return this.#texts.flatMap((text) => alarmsOf(text).map((alarm) => ({ ...alarm, text: text.name })));
  }

  get planted(): readonly PlantedFound[] {
    return this.#planted.found;
  }

  finish(): Omit<RunReport, 'leftOut'> {
    const planted = this.planted.slice(0, MAX_PLANTED);
    return {
      ...(planted.length > 0 && { planted }),
      texts: this.#texts.slice(0, MAX_TEXTS).map(describeText),
      otherTexts: Math.max(0, this.#texts.length - MAX_TEXTS),
    };
  }

  #at(text: number): Text {
    return this.#texts[text] as Text;
  }
}

const alarmsOf = ({ signs = NO_SIGNS, credentials, rejects }: Text): Alarm[] =>
  findAlarms(signs, { credentials, rejects: rejects.byReason() });

function describeText(text: Text): ReportedText {
  const { name, recognised, rejects, columns, credentials } = text;
  const { format, score, reasons } = recognised;
  const examples = rejects.examples();
  return {
    name,
    format: format.name,
    options: describeOptions(format.options),
    score: Math.round(score * 100) / 100,
    reasons,
    ...(columns && { columns }),
    credentials,
    rejects: Object.entries(rejects.byReason()).map(([reason, lines]) => ({
      reason,
      lines,
      examples: examples[reason] ?? [],
    })),
    alarms: alarmsOf(text).map(({ name, share }) => ({ name, share: Math.round(share * 1e4) / 1e4 })),
  };
}
