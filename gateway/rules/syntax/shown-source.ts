// The source of a rule as people may see it: without keys, and harmless to a terminal.

/** Its first argument is a key. */
const KEYED = 'is_timed_hmac_valid_v0';
/**
 * Words before a parenthesis or a string that take no key. Any other one may be the function above,
 * misspelt.
 */
const HARMLESS: ReadonlySet<string> = new Set(
  (
    'and or xor not in eq ne lt le gt ge contains matches wildcard strict true false ssl any all cidr cidr6 concat ' +
    'decode_base64 encode_base64 ends_with starts_with join split len lower upper lookup_json_string ' +
    'lookup_json_integer substring to_string url_decode sha256'
  ).split(' '),
);
/** A string, raw or quoted, which may lack its end; a word; or any other character. */
const TOKEN = /r(#*)"(?:[\s\S]*?"\1(?!#)|[\s\S]*$)|"(?:[^"\\]|\\[\s\S])*"?|[$\w.]+|[\s\S]/g;

/** Keys are masked, and control characters are blanks. Offsets stay the same. */
export const shownSource = (source: string): string =>
  withoutKeys(source).replace(/[^\P{C}\n]/gu, (sign) => ' '.repeat(sign.length));

/** What is masked after a word that takes a key. */
type Masking =
  /** Nothing. */
  | 'none'
  /** The next string: the function is known, or no parenthesis follows. */
  | 'string'
  /** All to the end of the call: it is malformed, or the function is unknown. */
  | 'call';

/** The source may be malformed: a key without an end is masked to the end of the source. */
function withoutKeys(source: string): string {
  let masked = '';
  let masking: Masking = 'none';
  /** Open parentheses since masking began. */
  let depth = 0;
  let word = '';
  for (const { 0: token, index } of source.matchAll(TOKEN)) {
    const isString = /^r?#*"/.test(token);
    const isHidden = masking === 'call' ? depth > 0 : masking === 'string' && isString;
    if (masking === 'call') {
      depth += token === '(' ? 1 : token === ')' ? -1 : 0;
      masked += depth > 0 && isHidden ? hidden(token) : token;
      if (depth === 0) masking = 'none';
      continue;
    }
    masked += isHidden ? quotesOf(token) : token;
    if (isString) masking = 'none';
    else if (/^[$\w]/.test(token)) {
      // Behind a field a word is no function but an operator, which may be misspelt as well.
      masking = mayTakeKey(token) && !word.includes('.') ? 'string' : 'none';
      word = token;
    } else if (token === '(' && word !== '' && !HARMLESS.has(word) && !startsWithKey(word, source.slice(index + 1))) {
      masking = 'call';
      depth = 1;
    }
    if (!/^(?:[$\w]|\s)/.test(token)) word = '';
  }
  return masked;
}

const mayTakeKey = (word: string): boolean => word === KEYED || (/^[a-z_]\w*$/i.test(word) && !HARMLESS.has(word));

/** Whether the known function is called as it should be: only its key is masked then. */
const startsWithKey = (word: string, rest: string): boolean => word === KEYED && /^\s*(?:r#*)?"/.test(rest);

const hidden = (text: string): string => text.replace(/[^\n]/g, '*');

/** A string with its quotes, as far as it has them. */
function quotesOf(text: string): string {
  const start = text.indexOf('"') + 1;
  const end = /"#*$/.exec(text.slice(start))?.index ?? text.length - start;
  return text.slice(0, start) + hidden(text.slice(start, start + end)) + text.slice(start + end);
}
