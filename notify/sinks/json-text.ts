// JSON that stays on one line, whatever account ids and names of sources hold.

/** C1, separators of lines, marks and overrides of direction: JSON leaves them as they are. */
const UNESCAPED = /[\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** Members that are undefined are left out. A lone surrogate is escaped. */
export const formatJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    UNESCAPED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
