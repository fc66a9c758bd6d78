// A loop of checks that need no request gives everything else its turn now and then: otherwise no
// timer would fire, and no snapshot be renewed.

const CHECKS_PER_TURN = 1_024;

let checks = 0;

/** To await before a check. @returns when it starts, from `performance.now()` */
export async function takeTurn(): Promise<number> {
  if (++checks % CHECKS_PER_TURN === 0) await new Promise((resolve) => setTimeout(resolve));
  return performance.now();
}
