// Comma-separated values: RFC 4180, with any end of line.

/** Rows without any field are left out. */
export function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = '';
  let isQuoted = false;
  const endRow = (): void => {
    row.push(field);
    if (row.some((each) => each !== '')) rows.push(row);
    [row, field] = [[], ''];
  };
  const plain = text.replace(/^\ufeff/, '');
  for (let i = 0; i < plain.length; i++) {
    const character = plain[i] as string;
    if (isQuoted) {
      if (character !== '"') field += character;
      else if (plain[i + 1] === '"') field += plain[i++];
      else isQuoted = false;
    } else if (character === '"' && field === '') isQuoted = true;
    else if (character === ',') {
      row.push(field);
      field = '';
    } else if (character === '\n' || character === '\r') endRow();
    else field += character;
  }
  endRow();
  return rows;
}
