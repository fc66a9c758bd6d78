// Plots of `credveil stats --html` as SVG: bars, ranges and stacks in one size, styled by the page.

import { html, type Markup } from '../../runtime/http/markup.ts';
import { formatCount } from '../units.ts';

const WIDTH = 420;
const LEFT = 52;
const RIGHT = 8;
const TOP = 14;
const PLOT_WIDTH = WIDTH - LEFT - RIGHT;
const PLOT_HEIGHT = 150;
const MAX_BAR_WIDTH = 44;
const MAX_LABELS = 6;

const round = (value: number): number => Math.round(value * 100) / 100;

/** A step of 1, 2 or 5 times a power of ten that divides `max` into at most four parts. */
export function niceStep(max: number): number {
  const minStep = Math.max(max, 1e-9) / 4;
  const power = 10 ** Math.floor(Math.log10(minStep));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= minStep * (1 - 1e-9)) ?? 10 * power;
}

function shortCount(value: number): string {
  for (const [unit, size] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const)
    if (value >= size) return `${round(value / size)}${unit}`;
  return formatCount(value);
}

const svg = (title: string, height: number, content: readonly Markup[]): Markup =>
  html`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">${content}</svg>`;

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Tooltip. */
  readonly note: string;
  /** Its label is always shown. */
  readonly named?: true;
}

/** Vertical bars from zero. With many bars, only some have labels. */
export function barPlot(title: string, bars: readonly Bar[], axis: string): Markup {
  const max = Math.max(1, ...bars.map(({ value }) => value));
  const step = Math.max(1, niceStep(max));
  const top = step * Math.ceil(max / step);
  const y = (value: number): number => round(TOP + PLOT_HEIGHT * (1 - value / top));
  const slot = PLOT_WIDTH / Math.max(1, bars.length);
  const width = Math.min(MAX_BAR_WIDTH, slot * 0.84);
  const every = Math.ceil(bars.length / MAX_LABELS);
  const grid = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => {
    const value = i * step;
    return html`<line class="${i === 0 ? 'base' : 'grid'}" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}"/><text class="tick" x="${LEFT - 6}" y="${y(value) + 4}" text-anchor="end">${shortCount(value)}</text>`;
  });
  const drawn = bars.map(({ label, value, note, named }, i) => {
    const centre = round(LEFT + slot * (i + 0.5));
    // A value above zero is always visible.
    const height = value === 0 ? 0 : Math.max(1, TOP + PLOT_HEIGHT - y(value));
    const bar = html`<rect class="bar" x="${round(centre - width / 2)}" y="${round(TOP + PLOT_HEIGHT - height)}" width="${round(width)}" height="${round(height)}"><title>${note}</title></rect>`;
    const besideNamed = bars.slice(i + 1, i + every).some((next) => next.named);
    if (!named && (i % every !== 0 || besideNamed)) return bar;
    return html`${bar}<text class="tick" x="${centre}" y="${TOP + PLOT_HEIGHT + 16}" text-anchor="middle">${label}</text>`;
  });
  const axisTitle = html`<text class="axis" x="${LEFT + PLOT_WIDTH / 2}" y="${TOP + PLOT_HEIGHT + 34}" text-anchor="middle">${axis}</text>`;
  return svg(title, TOP + PLOT_HEIGHT + 42, [...grid, ...drawn, axisTitle]);
}

export interface Span {
  readonly label: string;
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

const ROW = 46;
const ROW_LEFT = 74;

function horizontalAxis(max: number, height: number, axis: string): { x(value: number): number; grid: Markup[] } {
  const step = niceStep(max);
  const top = step * Math.max(1, Math.ceil(max / step));
  const x = (value: number): number => round(ROW_LEFT + (WIDTH - ROW_LEFT - 16) * (value / top));
  const grid = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => {
    const value = round(i * step);
    return html`<line class="${i === 0 ? 'base' : 'grid'}" x1="${x(value)}" x2="${x(value)}" y1="${TOP}" y2="${height}"/><text class="tick" x="${x(value)}" y="${height + 16}" text-anchor="middle">${shortCount(value)}</text>`;
  });
  grid.push(
    html`<text class="axis" x="${(WIDTH + ROW_LEFT) / 2}" y="${height + 34}" text-anchor="middle">${axis}</text>`,
  );
  return { x, grid };
}

/** One row per span, from its minimum to its maximum, with a dot at the mean. */
export function spanPlot(title: string, spans: readonly Span[], axis: string): Markup {
  const height = TOP + ROW * spans.length;
  const { x, grid } = horizontalAxis(Math.max(1, ...spans.map((span) => span.max)), height, axis);
  const rows = spans.map(({ label, min, mean, max }, i) => {
    const y = TOP + ROW * (i + 0.5);
    const note = `${label}: ${formatCount(min)} to ${formatCount(max)}, mean ${formatCount(round(mean))}`;
    return html`<text class="name" x="${ROW_LEFT - 8}" y="${y + 4}" text-anchor="end">${label}</text><rect class="bar" x="${x(min)}" y="${y - 6}" width="${Math.max(2, round(x(max) - x(min)))}" height="12" rx="6"><title>${note}</title></rect><circle class="dot" cx="${x(mean)}" cy="${y}" r="7"><title>${note}</title></circle>`;
  });
  return svg(title, height + 42, [...grid, ...rows]);
}

export interface Stack {
  readonly label: string;
  /** Drawn with the classes part-1, part-2, part-3. */
  readonly parts: readonly Bar[];
}

/** Horizontal bars made of parts, one row each. */
export function stackPlot(title: string, stacks: readonly Stack[], axis: string): Markup {
  const height = TOP + ROW * stacks.length;
  const total = ({ parts }: Stack): number => parts.reduce((sum, { value }) => sum + value, 0);
  const { x, grid } = horizontalAxis(Math.max(1, ...stacks.map(total)), height, axis);
  const rows = stacks.map(({ label, parts }, i) => {
    const y = TOP + ROW * i + 9;
    let from = 0;
    const drawn = parts.map(({ value, note }, part) => {
      const start = x(from);
      from += value;
      // A gap of two units separates the parts without relying on colour.
      return html`<rect class="part-${part + 1}" x="${start}" y="${y}" width="${Math.max(0, round(Math.max(x(from) - start - 2, (x(from) - start) / 2)))}" height="28"><title>${note}</title></rect>`;
    });
    return html`<text class="name" x="${ROW_LEFT - 8}" y="${y + 18}" text-anchor="end">${label}</text>${drawn}`;
  });
  return svg(title, height + 42, [...grid, ...rows]);
}
