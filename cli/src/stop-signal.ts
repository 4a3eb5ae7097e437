/**
 * When to stop: a signal, or the end of the process that started us (its channel closes). A second signal ends at once.
 * SIGHUP, the sign of a terminal that hangs up, is one of them unless the caller has another use for it.
 */

const FORCED_EXIT_CODE = 130;

/** Listens from now on; `asked` resolves at the first wish to stop. */
export function untilAskedToStop(options: { onHangUp?: (() => void) | undefined } = {}): {
  readonly asked: Promise<void>;
} {
  let wishes = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const wish = (): void => {
    wishes += 1;
    if (wishes > 2) process.exit(FORCED_EXIT_CODE);
    resolve();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, wish);
  process.on('SIGHUP', options.onHangUp ?? wish);
  if (process.channel !== undefined) {
    process.channel?.unref();
    process.once('disconnect', () => resolve());
  }
  return { asked: promise };
}
