/**
 * Judges TLS peers with memory, so that an operator with a hundred connections costs one path search a minute. What is
 * kept goes by the digest of the whole chain, the end of TLS, the trust files and what was fetched; a reload forgets
 * everything. What a worker judges meanwhile is asked for once. Revocation published meanwhile counts a minute later.
 */
import { createHash } from 'node:crypto';
import { PEER_LIMITS } from '@estafette/contracts/limits';
import type { LetterWorkers } from './letter-workers.ts';
import type { Clock, JudgePeer, PeerJudgement, TrustPaths } from './ports.ts';

export interface PeerJudgeOptions {
  readonly judge: LetterWorkers['judgePeer'];
  /** What was fetched, and how what is missing is fetched (certificate-status). */
  readonly status: {
    trust(): TrustPaths;
    judging(judge: () => ReturnType<JudgePeer>): ReturnType<JudgePeer>;
  };
  readonly clock: Clock;
}

export interface PeerJudge {
  readonly judge: JudgePeer;
  /** After a reload: the files may say something else now. */
  forget(): void;
}

interface Kept {
  readonly judgement: Promise<PeerJudgement>;
  /** Milliseconds since 1970; infinite while it is being judged. */
  until: number;
}

type Question = Parameters<JudgePeer>[0];

function nameOf({ chain, use, trust }: Question): string {
  const digest = createHash('sha256');
  for (const der of chain) digest.update(`${der.length} `).update(der);
  return JSON.stringify([digest.digest('base64'), use, trust.anchors, trust.lists]);
}

const isBounded = ({ chain }: Question): boolean =>
  chain.length > 0 &&
  chain.length <= PEER_LIMITS.chainMax &&
  chain.every(({ length }) => length <= PEER_LIMITS.certificateMaxBytes);

/** The judge of TLS peers over the workers. */
export function createPeerJudge({ judge, status, clock }: PeerJudgeOptions): PeerJudge {
  const kept = new Map<string, Kept>();

  const ask = async ({ chain, use, trust }: Question): Promise<{ judgement: PeerJudgement; until: number }> => {
    let holds = Number.POSITIVE_INFINITY;
    const judgement = await status.judging(async () => {
      const { fetched } = status.trust();
      const paths = trust.lists === null || fetched === undefined ? trust : { ...trust, fetched };
      const found = await judge({ chain, use, trust: paths, at: clock.now().getTime() });
      holds = found.until;
      return found.judgement;
    });
    const life = judgement.standing === 'good' ? PEER_LIMITS.goodKeptMs : PEER_LIMITS.otherKeptMs;
    return { judgement, until: Math.min(holds, clock.now().getTime() + life) };
  };

  const remember = (name: string, question: Question): Promise<PeerJudgement> => {
    if (kept.size >= PEER_LIMITS.judgementsKeptMax) kept.clear();
    const asked = ask(question);
    const entry: Kept = { judgement: asked.then(({ judgement }) => judgement), until: Number.POSITIVE_INFINITY };
    kept.set(name, entry);
    asked.then(
      ({ until }) => {
        entry.until = until;
      },
      // A fault of ours is no judgement: the next one asks again.
      () => {
        if (kept.get(name) === entry) kept.delete(name);
      },
    );
    return entry.judgement;
  };

  return {
    async judge(question) {
      if (!isBounded(question)) return { standing: 'malformed', wants: [] };
      const name = nameOf(question);
      const known = kept.get(name);
      return known !== undefined && clock.now().getTime() < known.until ? known.judgement : remember(name, question);
    },
    forget: () => kept.clear(),
  };
}
