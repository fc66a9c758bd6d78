// Plots on uPlot that follow the page's colours, light or dark, and the available width.

import uPlot from 'uplot';
import type { HistogramBin } from '../protocol/service-status.ts';
import { formatCount } from './dom.ts';

/** A colour is a custom property of base.css. */
export interface Line {
  readonly label: string;
  readonly colour: string;
  /** Distinguishes lines without colour. */
  readonly dash: readonly number[];
  readonly values: readonly number[];
}

const HEIGHT = 240;
const DARK = matchMedia('(prefers-color-scheme: dark)');

const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Draws into `place`, replacing its content, and redraws when the colours change. */
function draw(
  place: HTMLElement,
  options: () => Omit<uPlot.Options, 'width' | 'height'>,
  data: uPlot.AlignedData,
): void {
  const mount = (): uPlot => {
    place.replaceChildren();
    return new uPlot({ ...options(), width: place.clientWidth, height: HEIGHT, legend: { show: false } }, data, place);
  };
  let plot = mount();
  const resized = new ResizeObserver(() => {
    if (!place.contains(plot.root)) stop();
    else if (place.clientWidth !== plot.width) plot.setSize({ width: place.clientWidth, height: HEIGHT });
  });
  const recolour = (): void => {
    if (place.contains(plot.root)) {
      plot.destroy();
      plot = mount();
    } else stop();
  };
  const stop = (): void => {
    resized.disconnect();
    DARK.removeEventListener('change', recolour);
  };
  resized.observe(place);
  DARK.addEventListener('change', recolour);
}

function axis(more: uPlot.Axis): uPlot.Axis {
  const font = `13px ${getComputedStyle(document.body).fontFamily}`;
  const line = { stroke: colour('--line'), width: 1 };
  return { stroke: colour('--soft'), font, labelFont: font, grid: line, ticks: line, ...more };
}

const COUNT_AXIS = { size: 60, values: (_plot: uPlot, ticks: number[]) => ticks.map((tick) => formatCount(tick)) };

const formatTime = (seconds: number): string => new Date(seconds * 1_000).toLocaleTimeString();

/** @param times seconds since 1970 */
export function drawLines(place: HTMLElement, times: readonly number[], lines: readonly Line[]): void {
  draw(
    place,
    () => ({
      // The last time label extends beyond the axis.
      padding: [null, 36, null, null],
      cursor: { y: false, points: { size: 8 } },
      scales: { y: { range: (_plot, _least, most) => [0, Math.max(0.1, most * 1.15)] } },
      axes: [axis({ space: 96, values: (_plot, ticks) => ticks.map(formatTime) }), axis(COUNT_AXIS)],
      series: [
        {},
        ...lines.map(
          (line): uPlot.Series => ({
            label: line.label,
            stroke: colour(line.colour),
            width: 2,
            dash: [...line.dash],
            points: { show: false },
          }),
        ),
      ],
    }),
    [[...times], ...lines.map(({ values }) => [...values])],
  );
}

/** Buckets are whole numbers. */
const WHOLE_STEPS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6].flatMap((power) => [power, 2 * power, 5 * power]);

/** The number of buckets by their number of entries. */
export function drawHistogram(place: HTMLElement, bins: readonly HistogramBin[], label: string): void {
  const width = bins[0] ? bins[0].to - bins[0].from + 1 : 1;
  // A bin of a single size is drawn at that size.
  const centre = ({ from }: HistogramBin): number => from + (width - 1) / 2;
  const first = (bins[0] ? centre(bins[0]) : 0) - width;
  const last = first + (bins.length + 1) * width;
  draw(
    place,
    () => ({
      cursor: { show: false },
      scales: {
        x: { time: false, range: () => [first, last] },
        y: { range: (_plot, _least, most) => [0, Math.max(1, most * 1.15)] },
      },
      axes: [
        axis({
          label,
          size: 32,
          labelSize: 24,
          labelGap: 2,
          space: 64,
          incrs: WHOLE_STEPS,
          values: COUNT_AXIS.values,
        }),
        axis({ ...COUNT_AXIS, incrs: WHOLE_STEPS }),
      ],
      series: [
        {},
        {
          fill: colour('--back'),
          stroke: colour('--back'),
          width: 0,
          points: { show: false },
          ...(uPlot.paths.bars && { paths: uPlot.paths.bars({ size: [0.86, 80], radius: 0.15 }) }),
        },
      ],
    }),
    [bins.map(centre), bins.map(({ buckets }) => buckets)],
  );
}
