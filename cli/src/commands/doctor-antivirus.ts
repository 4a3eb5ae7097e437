/**
 * What `estafette doctor` says of the antivirus: whether clamd answers, how old its signatures are, and whether it takes
 * a letter of the largest size. Debian's clamd.conf takes 25 MB: a larger letter would wait for ever.
 */

import { ANTIVIRUS_LIMITS, SMTP_LIMITS } from '@estafette/contracts/limits';
import { clamdAt } from '@estafette/gateway/antivirus/clamd';
import { NotScanned } from '@estafette/gateway/ports';
import type { Config } from '@estafette/runtime/config';
import type { Finding } from './doctor-spaces.ts';

const check = 'antivirus';

/** `ClamAV 1.4.3/27812/Fri Nov 20 09:41:05 2026`: how long ago its signatures were made; null when it does not say. */
function ageMsOf(version: string, now: number): number | null {
  const made = Date.parse(`${version.split('/')[2] ?? ''} UTC`);
  return Number.isNaN(made) ? null : now - made;
}

/** The antivirus that is set; nothing is said where none is. */
export async function checkAntivirus({ ESTAFETTE_ANTIVIRUS: place }: Config, now = Date.now()): Promise<Finding[]> {
  if (place === null) return [];
  const clamd = clamdAt(place);
  try {
    const version = await clamd.version();
    const age = ageMsOf(version, now);
    await clamd.scan(new Uint8Array(SMTP_LIMITS.letterMaxBytes));
    if (age !== null && age > ANTIVIRUS_LIMITS.signaturesOldMs)
      return [{ check, outcome: 'warning', detail: `${version}: its signatures are old, look at freshclam` }];
    return [{ check, outcome: 'ok', detail: `${version} takes a letter of the largest size` }];
  } catch (error) {
    if (!(error instanceof NotScanned)) throw error;
    const detail =
      error.code === 'antivirus-too-large'
        ? 'clamd refuses a letter of the largest size: set StreamMaxLength to 64M or more in clamd.conf'
        : 'clamd gives no answer: letters wait until it does; see ESTAFETTE_ANTIVIRUS';
    return [{ check, outcome: 'warning', detail }];
  }
}
