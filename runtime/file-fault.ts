// What keeps a file from being read, in words.

/** Follows the name of the file: `does not exist`. */
export function describeFileFault(cause: unknown): string {
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'does not exist';
    case 'EACCES':
    case 'EPERM':
      return 'cannot be read: permission denied';
    case 'EISDIR':
      return 'is a directory';
    case 'ELOOP':
      return 'cannot be read: its symbolic links lead in a circle';
    default:
      return 'cannot be read';
  }
}
