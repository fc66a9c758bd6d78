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
import { type Field, HeldRun } from './held-run.ts';
import { isOfCredential, roleOfLabel } from './label-names.ts';
import {
  cutLabel,
  isAdvertisement,
  isNoise,
  isRuler,
  type LabelledLine,
  marksIn,
  reasonWithoutLabel,
  withoutGap,
} from './labelled-line.ts';
import { StatedLabels } from './stated-labels.ts';
import { StrangeLabels } from './strange-labels.ts';

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

/** The lines of the blocks, one after another. */
class Blocks {
  readonly #sink: CredentialSink;
  readonly #layout: BlockLayout;
  readonly #options: FormatOptions;
  /** By the label as it is written. */
  readonly #known = new Map<string, KnownLabel | undefined>();
  #hasSite = false;
  #logins: Field[] = [];
  #secrets: Field[] = [];
  readonly #strange = new StrangeLabels();
  /** Fields that wait for what shows their order. */
  #run: HeldRun | undefined;
  readonly #stated: StatedLabels | undefined;
  /** The first field of the first block. It starts every block that no other line separates. */
  #leader: string | undefined;
  /** Whether the site is the first field of the first block. */
  #isSiteFirst: boolean | undefined;
  /** True if a line before the block marks its start: then its fields may come in any order. */
  #isMarked = true;
  /** The label whose value is the next line. */
  #below: LabelledLine | undefined;
  /** The password of the line before. */
  #secretAbove: Field | undefined;

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
    const cut = cutLabel(line, this.#layout.separator);
    const usual = cut && this.#find(cut.label);
    const other = usual ? undefined : this.#cutOtherwise(line);
    const found = other ?? cut;
    const known = usual ?? (other && this.#find(other.label));
    const below = this.#below;
    this.#below = undefined;
    const isNext = line.trim() === '' || (known !== undefined && known.role !== 'other' && found?.value.trim() === '');
    if (below) this.#field(below.label, isNext ? '' : line);
    if (below && !isNext) return;
    if (found && (known ? known.isStrange : roleOfLabel(found.label) === 'unknown'))
      this.#rejectAll(this.#strange.add(foldLabel(found.label), found.value, bytes));
    if (found && known) {
      if (this.#layout.isBelow && found.value.trim() === '') this.#below = found;
      else this.#field(found.label, found.value);
    } else if (isRuler(line)) this.#mark();
    else if (found) this.#unknownLabel(found, line, bytes);
    else this.#unlabelled(line, bytes);
  }

  end(): void {
    if (this.#below) this.#field(this.#below.label, '');
    this.#endRun();
    this.#close();
    const known = [...this.#known].filter(([, found]) => found !== undefined && found.role !== 'other');
    this.#stated?.assertSeen(known.map(([label]) => label));
  }

  /** A label that is there once: a field of something else if its value stands off as others do. */
  #unknownLabel({ value }: LabelledLine, line: string, bytes: Buffer): void {
    this.#secretAbove = undefined;
    const { gap } = this.#layout;
    const isOther = gap !== '' && value.startsWith(gap) && !isNoise(line);
    if (!isOther) this.#sink.reject(reasonWithoutLabel(line), bytes);
  }

  /**
   * A line without a label: a credential, noise, or perhaps a credential. Behind a password it may
   * be more of it or a note, so that the password is not known.
   */
  #unlabelled(line: string, bytes: Buffer): void {
    const secret = this.#secretAbove;
    this.#secretAbove = undefined;
    const credential = credentialIn(line);
    if (credential) this.#sink.credential(credential);
    else if (this.#layout.furniture.has(line.trim())) {
      if (!secret) this.#mark();
    } else if (secret && !isAdvertisement(line)) secret.isUnclear = true;
    else this.#sink.reject(reasonWithoutLabel(line), bytes);
  }

  /** A line of another tool's blocks: a usual label behind which another separator stands. */
  #cutOtherwise(line: string): LabelledLine | undefined {
    for (const separator of marksIn(line)) {
      const found = separator === this.#layout.separator ? undefined : cutLabel(line, separator);
      if (found && this.#usual(found.label)) return found;
    }
    return undefined;
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
    this.#secretAbove = undefined;
    const { role, gap, rank } = known;
    if (role === 'other') return;
    const text = withoutGap(value, gap);
    const field: Field = { role, label: foldLabel(label), text, rank };
    if (role === 'password' && text !== '') this.#secretAbove = field;
    if (this.#run?.isEndedBy(field)) this.#endRun(true);
    if (this.#run) this.#run.add(field);
    else this.#put(field);
  }

  #put(field: Field): void {
    const { role, label } = field;
    this.#isSiteFirst ??= role === 'site';
    if (role !== 'site') this.#leader ??= role;
    if (this.#begins(role, label)) this.#close();
    const isFirst = !this.#hasSite && this.#logins.length + this.#secrets.length === 0;
    if (role === 'site') this.#hasSite = true;
    if (isFirst && !this.#isMarked && role !== 'site' && role !== this.#leader) {
      this.#run = new HeldRun();
      this.#run.add(field);
    } else this.#add(field);
  }

  #add(field: Field): void {
    if (field.role === 'login') this.#logins.push(field);
    else if (field.role === 'password') this.#secrets.push(field);
  }

  /** @param isBroken whether the order changes again, so that more fields may be lost */
  #endRun(isBroken = false): void {
    const run = this.#run;
    if (!run) return;
    this.#run = undefined;
    if (isBroken && run.isSwapped) run.reject();
    for (let i = 0; i < run.lost; i++) this.#sink.reject('malformed-row');
    const [first, ...others] = run.fields;
    if (!first || run.lost > 0) return;
    if (run.isSwapped) this.#leader = first.role;
    this.#add(first);
    for (const field of others) this.#put(field);
  }

  #rejectAll(lines: Iterable<Buffer>): void {
    for (const line of lines) this.#sink.reject('no-separator', line);
  }

  /** Whether a field is the first of the next block. */
  #begins(role: KnownLabel['role'], name: string): boolean {
    const hasLogin = this.#logins.length > 0;
    const hasSecret = this.#secrets.length > 0;
    const isWhole = hasLogin && hasSecret;
    const isAgain = (role === 'login' ? this.#logins : this.#secrets).some(({ label }) => label === name);
    if (role === 'site') return this.#hasSite || isWhole;
    const isWithin = this.#layout.bounds === 'blocks' && this.#isMarked;
    if (isAgain) return !(isWithin && role === 'password' && isWhole);
    if (isWithin) return false;
    if (isWhole) return true;
    const isOther = role === 'login' ? hasLogin : hasSecret;
    if (this.#isSiteFirst && this.#hasSite && !isOther) return false;
    if (isOther) return !this.#isCompanion(name);
    return (hasLogin || hasSecret) && !this.#isMarked && role === this.#leader;
  }

  /** Whether a block may have it beside another label of the same kind. */
  #isCompanion(name: string): boolean {
    return this.#layout.labels.get(name)?.isCompanion === true;
  }

  #mark(): void {
    if (this.#layout.bounds === 'fields') return;
    this.#endRun();
    this.#close();
    this.#isMarked = true;
  }

  /** Ends a block. Of a half one, what is there counts. */
  #close(): void {
    this.#hasSite = false;
    this.#secretAbove = undefined;
    const strange = this.#strange.take();
    if (this.#logins.length + this.#secrets.length === 0) {
      this.#rejectAll(strange);
      return;
    }
    const usernames = new Set(this.#logins.map(({ text }) => text).filter((text) => text.trim() !== ''));
    const secrets = this.#secrets.sort((a, b) => a.rank - b.rank);
    if (this.#logins.length > 0 && secrets.length > 0) this.#isMarked = false;
    this.#logins = [];
    this.#secrets = [];
    if (secrets.some(({ isUnclear }) => isUnclear)) this.#sink.reject('malformed-row');
    else this.#emit(usernames, secrets);
  }

  /** @param secrets the likeliest first */
  #emit(usernames: ReadonlySet<string>, secrets: readonly Field[]): void {
    const filled = secrets.filter(({ text }) => text !== '');
    const [first] = filled;
    const passwords = new Set(
      filled.filter(({ label }) => label === first?.label).map(({ text }) => decodeHexNotation(text)),
    );
    if (passwords.size === 0 && usernames.size > 0) passwords.add('');
    for (const password of passwords) {
      for (const username of usernames) this.#sink.credential({ username, password, times: 1 });
      if (usernames.size === 0) this.#sink.credential({ password, times: 1 });
    }
    if (passwords.size === 0) this.#sink.reject('blank');
  }
}

/** A line that can only be `url:user:pass`, or a pair with an e-mail address. */
function credentialIn(line: string): Credential | undefined {
  const text = line.trim();
  if (!startsWithScheme(text) && !isAddress(text.slice(0, text.indexOf(':')))) return undefined;
  const found = comboRules(':').parseLine(text);
  return typeof found === 'object' ? found : undefined;
}
