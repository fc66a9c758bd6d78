// Text for a terminal: nothing in it moves the cursor, changes the title, or reverses what follows.
//
// Attackers choose the names of corpora and write runs.

/** C0, DEL and C1; marks, embeddings, overrides and isolates of direction; separators of lines. */
const CONTROLS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced.
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** A value within a line: each control becomes a question mark, line feeds included. */
export const printable = (value: string): string => value.replace(CONTROLS, '?');

/**
 * A value as one word of a command to paste into a shell. Attackers choose the names of corpora: a
 * pasted name must not run a command or move the cursor.
 */
export function shellWord(value: string): string {
  const shown = printable(value);
  if (shown.startsWith('-')) return shellWord(`./${shown}`);
  return /^[\w.,+@%/:=-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}

/** Text of several lines. */
export const printableLines = (text: string): string =>
  text.replace(CONTROLS, (control) => (control === '\n' ? control : '?'));

/** JSON, whose escapes keep what the controls were. */
export const printableJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replace(CONTROLS, (control) =>
    control === '\n' ? control : `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
