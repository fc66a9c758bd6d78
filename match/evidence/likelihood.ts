// How many times likelier a source's exact hits are if it is a copy of this user table than if its
// passwords are reused here, as those of other leaks are: a Bayes factor of two beta-binomial
// models. It is evidence, and no proof.
//
// A trial is an account that has a candidate in the source, a hit one whose stored hash it fits.
// Under reuse, the share of hits is like those of the other sources, which differ among each other:
// a beta distribution of the usual share and the weight of a few accounts. Under a copy, it is
// anything up to all, and rather high: Beta(4, 1).

/** The parameters of a beta distribution. */
export interface Beta {
  readonly a: number;
  readonly b: number;
}

/** Accounts of a source, and those of them that its passwords fit. */
export interface Trials {
  readonly accounts: number;
  readonly hits: number;
}

export const NO_TRIALS: Trials = { accounts: 0, hits: 0 };

export const addTrials = (a: Trials, b: Trials): Trials => ({
  accounts: a.accounts + b.accounts,
  hits: a.hits + b.hits,
});

export const COPY: Beta = { a: 4, b: 1 };
/**
 * Before other sources tell: 12.5% of 16 accounts. Of passwords in leaks, 7 to 25% fitted their
 * owners' Google accounts: Thomas et al., "Data Breaches, Phishing, or Malware?", CCS 2017.
 */
const USUAL: Beta = { a: 2, b: 14 };
/** Accounts that the other sources count for at most: they differ more than chance makes them. */
const MAX_WEIGHT = 16;
/** No more is told of a factor: the models are not that exact. */
export const MAX_FACTOR = 1e6;

/** Lanczos' approximation, g = 7: Numerical Recipes, 3rd edition, §6.1. @param x above 0 */
export function logGamma(x: number): number {
  const series = LANCZOS.reduce((sum, coefficient, i) => sum + coefficient / (x + i), 0.99999999999980993);
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(series);
}

const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

const logBeta = (a: number, b: number): number => logGamma(a) + logGamma(b) - logGamma(a + b);

/** The logarithm of the probability of these hits, in one order, for a share distributed so. */
export const logEvidence = ({ accounts, hits }: Trials, { a, b }: Beta): number =>
  logBeta(hits + a, accounts - hits + b) - logBeta(a, b);

/**
 * The share of hits under reuse, from the sources other than the one that is weighed: the median of
 * their shares, so that another copy among them, however large, does not hide this one.
 * @returns takes the trials of that source if it is among `all`
 */
export function reuseShares(all: readonly Trials[]): (own?: Trials) => Beta {
  const used = all.filter(({ accounts }) => accounts > 0);
  const accounts = used.reduce((sum, trials) => sum + trials.accounts, 0);
  const shares = used.map(usualShareOf).sort((a, b) => a - b);
  return (own = NO_TRIALS) => {
    const isAmong = own.accounts > 0;
    const others = isAmong ? shares.length - 1 : shares.length;
    if (others === 0) return USUAL;
    const weight = Math.min(MAX_WEIGHT, accounts - own.accounts);
    // The lower median. Without its own share, those from there on move up.
    const middle = Math.floor((others - 1) / 2);
    const isBelow = !isAmong || (shares[middle] as number) < usualShareOf(own);
    const share = shares[isBelow ? middle : middle + 1] as number;
    return { a: USUAL.a + weight * share, b: USUAL.b + weight * (1 - share) };
  };
}

/** Of few accounts it is near to what is usual. */
const usualShareOf = ({ accounts, hits }: Trials): number => (hits + USUAL.a) / (accounts + USUAL.a + USUAL.b);

export const meanOf = ({ a, b }: Beta): number => a / (a + b);

/** The logarithm of a sum, from the logarithms of its terms. */
export function logSum(terms: readonly number[]): number {
  const most = Math.max(...terms);
  if (most === Number.NEGATIVE_INFINITY) return most;
  return most + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - most), 0));
}

/** From a logarithm, within bounds. */
export const factorOf = (log: number): number => Math.min(MAX_FACTOR, Math.max(1 / MAX_FACTOR, Math.exp(log)));
