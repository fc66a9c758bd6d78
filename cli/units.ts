// Formats counts, sizes and durations for people.

const grouped = new Intl.NumberFormat('en-US');

export const formatCount = (count: number): string => grouped.format(count);

/** A mean: two significant digits below ten. */
export const formatMean = (mean: number): string =>
  mean < 10 ? String(Number(mean.toPrecision(2))) : formatCount(Math.round(mean));

/** A count and its noun, singular or plural. */
export const formatCounted = (count: number, noun: string): string =>
  `${formatCount(count)} ${count === 1 ? noun : noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;

/** `from-to`, or one count if they are equal. */
export const formatSpan = (from: number, to: number): string =>
  from === to ? formatCount(from) : `${formatCount(from)}-${formatCount(to)}`;

export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let value = bytes;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${seconds < 9.95 ? seconds.toFixed(1) : whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
