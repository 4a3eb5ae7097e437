/** An error whose message is a sentence for the person at the terminal: printed as it is, without a stack. */
export class PlainError extends Error {
  readonly exitCode: number;
  constructor(sentence: string, exitCode = 1, cause?: unknown) {
    super(sentence, { cause });
    this.exitCode = exitCode;
  }
}

/** Turns the system's errors of starting up into sentences; gives other errors back. */
export function explain(error: unknown): unknown {
  const { code, port, address, path, syscall } = error as NodeJS.ErrnoException & { port?: number; address?: string };
  if (code === 'EADDRINUSE') {
    return new PlainError(
      `Port ${port} on ${address} is in use: stop the other program, or choose another port (ESTAFETTE_SMTP_PORT, ESTAFETTE_HTTP_PORT, ESTAFETTE_DEMO_SMTP_PORT).`,
    );
  }
  if (code === 'EADDRNOTAVAIL')
    return new PlainError(`${address} is not an address of this machine: see ESTAFETTE_HOST.`);
  if (code === 'EACCES' && syscall === 'listen')
    return new PlainError(`Port ${port} needs more rights than this user has: choose one above 1023.`);
  if ((code === 'EACCES' || code === 'EROFS' || code === 'EPERM') && path !== undefined) {
    return new PlainError(`${path} cannot be written: choose another data folder with ESTAFETTE_HOME.`);
  }
  if (code === 'ENOENT' && syscall === 'mkdir') {
    return new PlainError(`${path} cannot be made: choose another data folder with ESTAFETTE_HOME.`);
  }
  if (code === 'ENOSPC') return new PlainError('The disk is full.');
  if (code === 'ENOTDIR' || code === 'EEXIST')
    return new PlainError(`${path} is in the way: the data folder (ESTAFETTE_HOME) must be a folder.`);
  return error;
}
