// Cuts a line into cells.

/**
 * @param quote encloses cells that may contain the separator
 * @returns the start and the end of each cell, one after the other. Blanks separate however many
 * there are.
 */
export function cutCells(text: string, separator: string, quote?: string): number[] {
  const cells: number[] = [];
  let from = 0;
  if (separator === ' ') while (text.charAt(from) === ' ') from++;
  for (;;) {
    const to = cellEnd(text, from, separator, quote);
    cells.push(from, to);
    if (to === text.length) return cells;
    from = to + separator.length;
    if (separator === ' ') while (text.charAt(from) === ' ') from++;
  }
}

function cellEnd(text: string, from: number, separator: string, quote: string | undefined): number {
  const closed = quote !== undefined && text.startsWith(quote, from) ? closingEnd(text, from, separator, quote) : -1;
  if (closed !== -1) return closed;
  const at = text.indexOf(separator, from);
  return at === -1 ? text.length : at;
}

/** An even number of quotes is text. @returns the end of a quoted cell, or -1 if it has none */
function closingEnd(text: string, from: number, separator: string, quote: string): number {
  for (let at = text.indexOf(quote, from + 1); at !== -1; at = text.indexOf(quote, at)) {
    const start = at;
    while (text.startsWith(quote, at)) at++;
    const isClosing = (at - start) % 2 === 1;
    if (isClosing && (at === text.length || text.startsWith(separator, at))) return at;
  }
  return -1;
}

/** A cell without its quotes. */
export function unquote(cell: string, quote: string | undefined): string {
  if (quote === undefined || cell.length < 2 || !cell.startsWith(quote) || !cell.endsWith(quote)) return cell;
  return cell.slice(1, -1).replaceAll(quote + quote, quote);
}
