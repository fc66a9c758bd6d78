// Masks a line: its shape, its length and its first and last character remain.

const MAX_LENGTH = 60;

/**
 * Letters become x, digits 9 and other characters *; separators, and the first and the last
 * character, remain. A longer line is cut and ends in its length.
 */
export function maskLine(line: string): string {
  const text = line.trim();
  const cut = text.length > MAX_LENGTH ? text.slice(0, MAX_LENGTH) : text;
  const shape = maskText(cut);
  if (cut !== text) return `${cut.charAt(0)}${shape.slice(1)}… (${text.length} characters)`;
  return text.length < 3 ? shape : `${text.charAt(0)}${shape.slice(1, -1)}${text.charAt(text.length - 1)}`;
}

function maskText(text: string): string {
  return text
    .replace(/\p{L}/gu, 'x')
    .replace(/\p{N}/gu, '9')
    .replace(/[^x9:;,|\t "'@./{}[\]]/gu, '*');
}
