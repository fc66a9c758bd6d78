// Names of fields as servers read them: PHP makes `a.b`, `a b` and `a[b` into `a_b`, ASP.NET and
// Go do not tell case apart, qs and Rack make `a[b]` a member of `a`.

const NO_LETTERS = /[^\p{L}\p{N}]/gu;
const BRACKETS = /[[\].]+/;
const SEPARATORS = /[[\].:$]+/;
/** Of a body of JSON that is read as a form: its colons are none of a name. */
const OF_JSON = /["{}]/;
const PLAIN = /^[a-z0-9]*$/;
/** To put a long run of marks in order takes quadratic time. No name that a login has is longer. */
const PIECES = /[\s\S]{1,256}/gu;

/**
 * Letters and digits alone, in one case: names that any server takes for each other are equal. To
 * Java, ı is I.
 */
export function folded(name: string): string {
  return PLAIN.test(name) ? name : (name.match(PIECES) ?? []).map(foldedPiece).join('');
}

const foldedPiece = (piece: string): string =>
  piece.normalize('NFKC').toLowerCase().replaceAll('ı', 'i').replace(NO_LETTERS, '');

/**
 * The path that the name of a form's field may stand for: `user[name]` and `user.name` alike, and
 * `form:name` (JSF), `ctl00$page$name` (WebForms), whose containers stand before the name.
 * Positions in arrays are left out, since some servers read a single element as a text.
 */
export const segmentsOf = (name: string): string[] =>
  name
    .split(OF_JSON.test(name) ? BRACKETS : SEPARATORS)
    .filter((segment, i) => segment !== '' && (i === 0 || !/^\d+$/.test(segment)));

/**
 * All paths that a name may stand for: PHP drops what follows a NUL, or a bracket as in `a[b]x`.
 */
export function pathsOf(name: string): readonly (readonly string[])[] {
  const end = name.search(/\0|\](?!\[|$)/);
  return end < 0 ? [segmentsOf(name)] : [segmentsOf(name), segmentsOf(name.slice(0, end))];
}
