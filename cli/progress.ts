// Progress on stderr: a bar that redraws itself on a terminal, a plain line every few seconds
// elsewhere.

import { formatBytes, formatCount, formatSeconds } from './units.ts';

const REDRAW_MS = 100;
const PLAIN_LINE_MS = 5000;
const BAR_CELLS = 24;
const MIN_BAR_CELLS = 8;

export interface ProgressState {
  readonly label: string;
  readonly done: number;
  /** Undefined if the total is unknown. */
  readonly total: number | undefined;
  /** More figures, most important first: a narrow terminal drops the last ones. */
  readonly figures: readonly string[];
}

/** The bar whose line has no end yet: there is one terminal. */
let unended: ProgressBar | undefined;

/** Before anything else is written to the terminal. A bar that goes on begins a new line. */
export const endBarLine = (): void => unended?.abandon();

export class ProgressBar {
  readonly #stream: NodeJS.WriteStream;
  readonly #startedMs = performance.now();
  #drawnMs = Number.NEGATIVE_INFINITY;
  #drawn = false;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  get elapsedSeconds(): number {
    return (performance.now() - this.#startedMs) / 1000;
  }

  /** A figure: `count` per second since the start. */
  rate(count: number, unit: string): string {
    return `${formatCount(Math.round(count / Math.max(0.001, this.elapsedSeconds)))} ${unit}/s`;
  }

  update(state: () => ProgressState): void {
    const now = performance.now();
    if (now - this.#drawnMs < (this.#stream.isTTY ? REDRAW_MS : PLAIN_LINE_MS)) return;
    this.#drawnMs = now;
    this.#draw(state());
  }

  /** Draws the final state and ends the line. */
  finish(state: ProgressState): void {
    this.#draw(state);
    if (this.#stream.isTTY) this.#stream.write('\n');
    this.#end();
  }

  /** Ends the line of an unfinished bar, so that an error starts on a new line. */
  abandon(): void {
    if (this.#drawn) this.#stream.write('\n');
    this.#end();
  }

  #end(): void {
    this.#drawn = false;
    if (unended === this) unended = undefined;
  }

  #draw({ label, done, total, figures }: ProgressState): void {
    const fraction = total === undefined || total === 0 ? undefined : Math.min(1, done / total);
    // First, because a narrow terminal drops figures from the end.
    const eta =
      fraction !== undefined && fraction > 0 && fraction < 1
        ? [`ETA ${formatSeconds((this.elapsedSeconds * (1 - fraction)) / fraction)}`]
        : [];
    const parts = [...eta, ...figures];
    const percent = fraction === undefined ? '' : ` ${String(Math.floor(fraction * 100)).padStart(3)}%`;
    if (!this.#stream.isTTY) {
      this.#stream.write(`${label}${percent}  ${parts.join('  ')}\n`);
      return;
    }
    const room = (this.#stream.columns || 120) - 1;
    const tail = (): string => `${percent}  ${parts.join('  ')}`;
    while (parts.length > 1 && label.length + 1 + MIN_BAR_CELLS + tail().length > room) parts.pop();
    const text = tail();
    const cells = Math.min(BAR_CELLS, Math.max(MIN_BAR_CELLS, room - label.length - text.length - 1));
    const filled = Math.round((fraction ?? 0) * cells);
    const bar = fraction === undefined ? '' : ` ${'█'.repeat(filled)}${'░'.repeat(cells - filled)}`;
    this.#stream.write(`\r\x1b[K${`${label}${bar}${text}`.slice(0, room)}`);
    this.#drawn = true;
    unended = this;
  }
}

export const bytesFigure = (bytes: number, total: number | undefined): string =>
  total === undefined ? formatBytes(bytes) : `${formatBytes(bytes)} of ${formatBytes(total)}`;
