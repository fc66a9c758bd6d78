// A vitest fixture that the tests of a file share.

type Use<T> = (opened: T) => Promise<void>;

/** Opens a value for the first test that takes it, and closes it after the file's last test. */
export function perFile<T>(
  open: () => T | Promise<T>,
  close: (opened: T) => unknown,
): [(dependencies: object, use: Use<T>) => Promise<void>, { scope: 'file' }] {
  return [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's dependencies from this pattern.
    async ({}, use) => {
      const opened = await open();
      await use(opened);
      await close(opened);
    },
    { scope: 'file' },
  ];
}
