// Names and values of a form, as they stand there, and decoded as most servers do.

/** Each character is one byte. */
export type Pairs = readonly (readonly [name: string, value: string])[];

export const rawPairs = (form: string): [string, string][] =>
  form.split('&').flatMap((pair): [string, string][] => {
    if (pair === '') return [];
    const equals = pair.indexOf('=');
    return [equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)]];
  });

/** What is malformed stays. */
export const urlDecoded = (pair: readonly [string, string]): [string, string] =>
  pair.map((part) =>
    part.replaceAll('+', ' ').replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
  ) as [string, string];
