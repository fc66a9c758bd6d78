// Calqued phrases that the prose of this repository avoids, each with what a native engineer writes instead.

/** Matched without regard to case, and across the line breaks of a wrapped paragraph. */
export const PHRASES: readonly (readonly [phrase: string, native: string])[] = [
  // Documents.
  ['An error is never `clean`', 'A failed check never reads as `clean`'],
  ['the password was found right', 'once the password has been verified'],
  ['need another address and nothing else', 'only need a different base URL'],
  ['needs another base URL and nothing else', 'only needs a different base URL'],
  ['need another base URL and nothing else', 'only need a different base URL'],
  ['it is silent when the service is down', 'outages go unnoticed'],
  ['takes a service that is down for', 'treats an outage as'],
  ["such a key is everyone's", 'Never ship a client key to a browser'],
  ['act on one bit at sign-up', 'only get yes or no, and only at sign-up'],
  ['say in `RateLimit` fields', 'report the remaining quota in `RateLimit`'],
  ['found by looking', 'detected'],
  ['inside of one another', 'nested to any depth'],
  ['goes on where it stopped', 'resumes'],
  ['100,000 others up', 'checks … leaked and … clean pairs'],
  ['favourites of many people', 'common passwords'],
  ['whatever corpus you have', 'any corpus'],
  ['where the new one has leaked', 'if the new password has leaked'],
  ['end to the byte', 'are all exactly the same length'],
  ['What it does not show, it did not send', 'If the page does not show it, it was not sent'],
  ['belongs to all who wait for it', 'is owned by its waiters'],
  ['is never an answer, and above all', 'is not an answer; in particular it MUST NOT …'],
  ['without showing it what of', 'without revealing the input'],
  ['too few entries to hide among', 'too small an anonymity set'],
  ['what is none, with the whole', 'malformed ranges get the full body'],
  // Help.
  ['what a line is; auto looks', 'input format (auto-detected)'],
  ['bound for the memory of the process', 'memory limit'],
  ['(default: one a core)', '(default: one per core)'],
  ['least entries in a mean bucket', 'minimum average entries per bucket'],
  ['and where that is from, and end', 'and where each comes from, then exit'],
  ['answer whoever asks', 'accept unauthenticated clients'],
  // Errors.
  ['is not one that there is', 'unknown …'],
  ['names an index that there is not', 'unknown index'],
  ['it is none, or of another version', 'not a …, or an unsupported version'],
  ['its snapshot is none', 'invalid snapshot id'],
  ['does not begin as a run of this version', 'bad magic or unsupported version'],
  ['its source is named otherwise', 'file name does not match its source'],
  ['others than its owner may', 'readable by group or others'],
  // Comments.
  ['is not the same for all', 'per-request …'],
  ['is not its credential', 'per-call options'],
  ['is not its datasets', 'who may ask, how much, and what is counted and logged'],
  ['Bodies fill the most of their last page', 'Small pages waste the least space on overflow'],
  ['until then it is no unhandled one', 'this only silences the unhandled rejection'],
  ['taking out of types', 'type stripping'],
  ['Without an account index it is nothing', 'Ignored without an account index'],
  ['Of a run at a time', 'Read block size'],
];

/**
 * Habits behind the phrases: words that are right now and then, so a list to look through and no gate.
 * npm run check:prose -- --habits
 */
export const HABITS: readonly (readonly [word: RegExp, instead: string])[] = [
  [/\b(says?|said|tells?|told)\b/g, 'contains, lists, reports, returns, documents'],
  [/\bwho(ever|soever)?\b(?= (asks|reads|waits|has|holds|calls|sends|opens|needs|knows))/g, 'name the actor'],
  [/\bwhoever\b/g, 'name the actor'],
  [/\b(is|are|was) none\b/g, 'is not a …'],
  [/\bof before\b/g, 'previous, earlier'],
  [/\bso (many|much)\b/g, 'the number'],
  [/\b(stands?|stood) (in|at|before|beside|for|there|on)\b/g, 'is'],
  [/\banew\b/g, 'again'],
  [/\bthat there (is|are)( not)?\b/g, 'existing, known, unknown'],
  [
    /\b(requests|entries|records|bytes|pairs|lines|times|evaluations|checks)(\/| )a (second|minute|day|core|line)\b/g,
    'per …',
  ],
  [/\bat the least\b|\bat the most\b|\bthe least\b/g, 'minimum, maximum, at least'],
  [/\blook(s|ed|ing)? [^.]{1,40} up\b/g, 'checks, looks up …'],
  [/\binside of\b/g, 'inside'],
  [/\btakes? [a-z ]{1,12} along\b/g, 'includes'],
];
