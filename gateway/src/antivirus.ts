/**
 * What the gateway asks of an antivirus, whoever it is. With one set, nothing is shown or sent that it has not called
 * clean: silence, an error or half an answer is never a yes, it is `NotScanned`, and the letter or the reply waits.
 * Part of ports.ts.
 */

/** Why a scan came to no verdict; codes of the failure catalogue. */
type NotScannedCode = 'antivirus-unavailable' | 'antivirus-too-large';

/** There is no verdict: neither clean nor infected. What was to be scanned is tried again later. */
export class NotScanned extends Error {
  readonly code: NotScannedCode;
  /** Nobody answered at all: what comes next need not be tried at once. */
  readonly isAway: boolean;
  constructor(
    code: NotScannedCode,
    detail: string,
    { isAway = false, cause }: { isAway?: boolean; cause?: unknown } = {},
  ) {
    super(`${code}: ${detail}`, { cause });
    this.name = 'NotScanned';
    this.code = code;
    this.isAway = isAway;
  }
}

export interface Antivirus {
  /** Throws `NotScanned` while it is known to be away: what is costly need not be begun. */
  mayScan(): void;
  /**
   * Scans one after the other, each as a file of its own; gives the name of the first thing found, or null when every one
   * is clean; throws `NotScanned` when that cannot be said.
   */
  scan(files: readonly Uint8Array[]): Promise<string | null>;
}
