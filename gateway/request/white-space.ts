// White space of HTTP: RFC 9110 §5.6.3. `trim` takes more for it, such as the byte A0, and so lets
// a name begin with what browsers take for another character.

const isWhite = (character: string | undefined): boolean => character === ' ' || character === '\t';

/** Linear, unlike an expression that ends in `$`. */
export function trimWhite(text: string): string {
  let [start, end] = [0, text.length];
  while (end > start && isWhite(text[end - 1])) end--;
  while (start < end && isWhite(text[start])) start++;
  return text.slice(start, end);
}
