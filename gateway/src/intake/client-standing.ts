/**
 * The certificate a client showed, judged once for a TLS session. Asked again only when the answer was that it is not
 * known, or there was none: a peer that tries again on the same connection must not hear an old answer.
 */
import type { FailureCode } from '@estafette/contracts/failure';
import type { NamePart, PeerJudgement } from '../ports.ts';
import type { DoorJudge } from './door-judge.ts';

type Good = Extract<PeerJudgement, { standing: 'good' }>;

const REFUSALS: Readonly<Record<Exclude<PeerJudgement['standing'], 'good'>, FailureCode>> = {
  untrusted: 'client-certificate-refused',
  malformed: 'client-certificate-refused',
  expired: 'client-certificate-expired',
  revoked: 'client-certificate-revoked',
  'status-unknown': 'client-status-unknown',
};

export interface ClientStanding {
  /** The good certificate, or why there is none. */
  ask(): Promise<Good | FailureCode>;
}

export function clientStanding(judge: Pick<DoorJudge, 'judgeClient'>, chain: readonly Uint8Array[]): ClientStanding {
  let judged: Promise<PeerJudgement> | null = null;
  const begin = (): Promise<PeerJudgement> => {
    const asked = judge.judgeClient(chain);
    judged = asked;
    const forget = (): void => {
      if (judged === asked) judged = null;
    };
    asked.then((found) => found.standing === 'status-unknown' && forget(), forget);
    return asked;
  };
  // Begun at once: the peer says EHLO meanwhile.
  if (chain.length > 0) void begin();
  return {
    async ask() {
      if (chain.length === 0) return 'client-certificate-missing';
      const found = await (judged ?? begin());
      return found.standing === 'good' ? found : REFUSALS[found.standing];
    },
  };
}

/** A name as one line (RFC 4514 §2.4). */
export function printName(subject: readonly NamePart[]): string {
  return subject.map(({ type, value }) => `${type}=${value.replace(/[,+"\\<>;=]/g, '\\$&')}`).join(',');
}
