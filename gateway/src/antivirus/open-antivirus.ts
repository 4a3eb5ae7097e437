/**
 * The antivirus as the gateway uses it: ClamAV, with a memory of whether it is there. While it is away nothing is opened
 * only to find that out again, and the log says it once, as it does when it is back.
 */
import { ANTIVIRUS_LIMITS } from '@estafette/contracts/limits';
import { type Antivirus, type Clock, type Log, NotScanned } from '../ports.ts';
import type { Clamd } from './clamd.ts';

/** The antivirus over a daemon; `close` ends what is being scanned, without a verdict. */
export function openAntivirus({
  clamd,
  clock,
  log,
}: {
  clamd: Clamd;
  clock: Clock;
  log: Log;
}): Antivirus & { close(): void } {
  const closing = new AbortController();
  let restsUntil = 0;
  let isTroubled = false;

  const noteTrouble = (error: unknown): void => {
    if (closing.signal.aborted) return;
    // A file that is too large is no trouble of the antivirus; its letter says so, and waits alone.
    if (!(error instanceof NotScanned) || error.code === 'antivirus-too-large') return;
    if (error.isAway) restsUntil = clock.now().getTime() + ANTIVIRUS_LIMITS.restMs;
    const isNew = !isTroubled;
    isTroubled = true;
    if (isNew) log.warn('the antivirus gives no verdict: letters and attachments wait', { code: error.code, error });
  };

  const scanOne = async (file: Uint8Array): Promise<string | null> => {
    try {
      const found = await clamd.scan(file, closing.signal);
      if (isTroubled) log.info('the antivirus answers again');
      isTroubled = false;
      return found;
    } catch (error) {
      noteTrouble(error);
      throw error;
    }
  };

  const mayScan = (): void => {
    if (clock.now().getTime() < restsUntil)
      throw new NotScanned('antivirus-unavailable', 'it did not answer a moment ago');
  };

  return {
    mayScan,
    async scan(files) {
      mayScan();
      const until = clock.now().getTime() + ANTIVIRUS_LIMITS.filesTimeoutMs;
      for (const file of files) {
        if (clock.now().getTime() > until)
          throw new NotScanned('antivirus-unavailable', 'all files together take too long');
        const found = file.length === 0 ? null : await scanOne(file);
        if (found === null) continue;
        log.warn('the antivirus found something', { reason: found });
        return found;
      }
      return null;
    },
    close: () => closing.abort(),
  };
}
