// Parses blocks: one line each for the site, the logins and the password, and others between them.

import type { Credential } from '../../../store/run/credential-records.ts';
import { LineSplitter } from '../../input/lines.ts';
import { decodeHexNotation, decodeText } from '../../input/text.ts';
import { afterStart } from '../after-start.ts';
import { passwordRank } from '../column-names.ts';
import type { CorpusParser, CredentialSink } from '../format.ts';
import type { FormatOptions } from '../format-options.ts';
import { isAddress, startsWithScheme } from '../line-parser.ts';
import { comboRules } from '../lines/pairs.ts';
import { type BlockLayout, findLayout, isLayout, type KnownLabel, LAYOUT_BYTES } from './block-layout.ts';
import type { Role } from './block-roles.ts';
import { foldLabel } from './block-text.ts';
import { isOfCredential, roleOfLabel } from './label-names.ts';
import { cutLabel, isAdvertisement, isNoise, isRuler, type LabelledLine } from './labelled-line.ts';
import { StatedLabels } from './stated-labels.ts';

/** Lines of a password beyond the first. */
const MAX_MORE_LINES = 8;
const MAX_KNOWN = 4096;
/** Of a text that is too unlike blocks to learn anything from. */
const USUAL: BlockLayout = {
  separator: ':',
  labels: new Map(),
  gap: ' ',
  isBelow: false,
  bounds: 'none',
  furniture: new Set(),
  coverage: 0,
  isByValues: false,
};

/** Parses blocks by the layout that their start shows. */
export function createBlockParser(sink: CredentialSink, options: FormatOptions): CorpusParser {
  return afterStart(LAYOUT_BYTES, (start, whole) => {
    const found = findLayout(start.subarray(0, LAYOUT_BYTES), whole, options);
    const { separator = USUAL.separator } = options;
    const blocks = new Blocks(sink, isLayout(found) ? found : { ...USUAL, separator }, options);
    const lines = new LineSplitter({ line: (bytes) => blocks.line(bytes), tooLong: () => sink.reject('too-long') });
    lines.push(start);
    return {
      push: (block) => lines.push(block),
      end() {
        lines.end();
        blocks.end();
      },
    };
  });
}

interface Value {
  readonly label: string;
  readonly text: string;
}

interface Secret extends Value {
  readonly rank: number;
}

/** The lines of the blocks, one after another. */
class Blocks {
  readonly #sink: CredentialSink;
  readonly #layout: BlockLayout;
  readonly #options: FormatOptions;
  /** By the label as it is written. */
  readonly #known = new Map<string, KnownLabel | undefined>();
  #hasSite = false;
  #logins: Value[] = [];
  #secrets: Secret[] = [];
  readonly #stated: StatedLabels | undefined;
  /** The first field of the first block. It starts every block that no other line separates. */
  #leader: string | undefined;
  /** True if a line before the block marks its start: then its fields may come in any order. */
  #isMarked = true;
  /** The label whose value is the next line. */
  #below: LabelledLine | undefined;
  /** Lines that the last password may still take: it was the line before. */
  #moreLines = 0;

  constructor(sink: CredentialSink, layout: BlockLayout, options: FormatOptions) {
    this.#sink = sink;
    this.#layout = layout;
    this.#options = options;
    this.#stated = options.labels && new StatedLabels(options.labels);
  }

  line(bytes: Buffer): void {
    // A text may be nothing but line ends.
    if (bytes.length === 0 && !this.#below) {
      this.#mark();
      return;
    }
    const line = decodeText(bytes);
    if (bytes.includes(0)) {
      this.#sink.reject('nul-byte', bytes);
      return;
    }
    const found = cutLabel(line, this.#layout.separator);
    const known = found && this.#find(found.label);
    const below = this.#below;
    this.#below = undefined;
    const isNext = line.trim() === '' || (known !== undefined && known.role !== 'other' && found?.value.trim() === '');
    if (below) this.#field(below.label, isNext ? '' : line);
    if (below && !isNext) return;
    if (found && known) {
      if (this.#layout.isBelow && found.value.trim() === '') this.#below = found;
      else this.#field(found.label, found.value);
    } else if (isRuler(line)) this.#mark();
    else if (found) this.#unknownLabel(found, line, bytes);
    else this.#unlabelled(line, bytes);
  }

  end(): void {
    if (this.#below) this.#field(this.#below.label, '');
    this.#close();
    const known = [...this.#known].filter(([, found]) => found !== undefined && found.role !== 'other');
    this.#stated?.assertSeen(known.map(([label]) => label));
  }

  /** A label that is there once: a field of something else if its value stands off as others do. */
  #unknownLabel({ value }: LabelledLine, line: string, bytes: Buffer): void {
    this.#moreLines = 0;
    if (isNoise(line)) this.#sink.reject('comment', bytes);
    else if (this.#layout.gap === '' || !value.startsWith(this.#layout.gap)) this.#sink.reject('no-separator', bytes);
  }

  /** A line without a label: a credential, more of a password, noise, or perhaps a credential. */
  #unlabelled(line: string, bytes: Buffer): void {
    const credential = credentialIn(line);
    if (credential) this.#sink.credential(credential);
    else if (this.#layout.furniture.has(line.trim())) this.#mark();
    else if (this.#moreLines > 0 && !isAdvertisement(line)) {
      this.#moreLines--;
      const last = this.#secrets.pop() as Secret;
      this.#secrets.push({ ...last, text: `${last.text}\n${line}` });
    } else {
      this.#moreLines = 0;
      this.#sink.reject(isNoise(line) ? 'comment' : 'no-separator', bytes);
    }
  }

  /** @returns undefined for text that only looks like a label */
  #find(label: string): KnownLabel | undefined {
    const found = this.#known.get(label);
    if (found || this.#known.has(label)) return found;
    this.#stated?.see(label);
    const learnt = this.#layout.labels.get(foldLabel(label)) ?? this.#usual(label);
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(label, learnt);
    return learnt;
  }

  /** A label that the start of the text did not have. */
  #usual(label: string): KnownLabel | undefined {
    const role = roleOfLabel(label, this.#options.labels);
    return isOfCredential(role) ? { role: role as Role, gap: ' ', rank: passwordRank(label) } : undefined;
  }

  #field(label: string, value: string): void {
    const known = this.#find(label);
    if (!known) return;
    this.#moreLines = 0;
    const { role, gap, rank } = known;
    if (role === 'other') return;
    const name = foldLabel(label);
    if (role !== 'site') this.#leader ??= role;
    if (this.#begins(role, name)) this.#close();
    const text = withoutGap(value, gap);
    if (role === 'site') this.#hasSite = true;
    else if (role === 'login') this.#logins.push({ label: name, text });
    else {
      this.#secrets.push({ label: name, text: decodeHexNotation(text), rank });
      this.#moreLines = text === '' || this.#layout.isBelow ? 0 : MAX_MORE_LINES;
    }
  }

  /** Whether a field is the first of the next block. */
  #begins(role: KnownLabel['role'], name: string): boolean {
    const hasLogin = this.#logins.length > 0;
    const hasSecret = this.#secrets.length > 0;
    const isWhole = hasLogin && hasSecret;
    const isAgain = (role === 'login' ? this.#logins : this.#secrets).some(({ label }) => label === name);
    if (role === 'site') return this.#hasSite || isWhole;
    if (isAgain) return true;
    if (this.#layout.bounds === 'blocks' && this.#isMarked) return false;
    if (isWhole) return true;
    const isOther = role === 'login' ? hasLogin : hasSecret;
    if (isOther) return !this.#isCompanion(name);
    return (hasLogin || hasSecret) && !this.#isMarked && role === this.#leader;
  }

  /** Whether a block may have it beside another label of the same kind. */
  #isCompanion(name: string): boolean {
    return this.#layout.labels.get(name)?.isCompanion === true;
  }

  #mark(): void {
    if (this.#layout.bounds === 'fields') return;
    this.#close();
    this.#isMarked = true;
  }

  /** Ends a block. Of a half one, what is there counts. */
  #close(): void {
    this.#hasSite = false;
    this.#moreLines = 0;
    if (this.#logins.length + this.#secrets.length === 0) return;
    const logins = new Set(this.#logins.map(({ text }) => text).filter((text) => text.trim() !== ''));
    const filled = this.#secrets.filter(({ text }) => text !== '').sort((a, b) => a.rank - b.rank);
    const password = filled[0]?.text ?? '';
    if (this.#logins.length > 0 && this.#secrets.length > 0) this.#isMarked = false;
    this.#logins = [];
    this.#secrets = [];
    for (const username of logins) this.#sink.credential({ username, password, times: 1 });
    if (logins.size > 0) return;
    if (password !== '') this.#sink.credential({ password, times: 1 });
    else this.#sink.reject('blank');
  }
}

/** A line that can only be `url:user:pass`, or a pair with an e-mail address. */
function credentialIn(line: string): Credential | undefined {
  const text = line.trim();
  if (!startsWithScheme(text) && !isAddress(text.slice(0, text.indexOf(':')))) return undefined;
  const found = comboRules(':').parseLine(text);
  return typeof found === 'object' ? found : undefined;
}

/**
 * White space after the separator belongs to the log; more than is usual belongs to the password.
 */
function withoutGap(value: string, gap: string): string {
  let from = 0;
  while (from < gap.length && value[from] === gap[from]) from++;
  return value.slice(from);
}
