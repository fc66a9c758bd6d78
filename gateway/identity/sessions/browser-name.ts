// What a person recognizes a browser by in the list of their sessions: the names that it gives
// itself, of the few that are known here. Nothing of its text is repeated.

/** The first that fits: most browsers name others too. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|CriOS|Chromium|HeadlessChrome)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\biPad\b/, 'iPad'],
  [/\biPhone\b/, 'iPhone'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bLinux\b|\bX11\b/, 'Linux'],
];
const MAX_LENGTH = 512;
const nameIn = (text: string, names: typeof BROWSERS): string | undefined =>
  names.find(([pattern]) => pattern.test(text))?.[1];

/** @param userAgent the header: it proves nothing @returns as in `Firefox on Linux` */
export function browserNameOf(userAgent = ''): string {
  const text = userAgent.slice(0, MAX_LENGTH);
  const browser = browserFamilyOf(text);
  const system = nameIn(text, SYSTEMS);
  return system === undefined ? browser : `${browser} on ${system}`;
}

/** The same without its system. */
export const browserFamilyOf = (userAgent = ''): string =>
  nameIn(userAgent.slice(0, MAX_LENGTH), BROWSERS) ?? 'A browser';
