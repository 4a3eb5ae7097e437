/**
 * The operator that takes the answers: our own SMTP door with the demo operator's certificate and a spool that keeps
 * nothing but the time of each 250 and whose reply it was.
 */
import { readFileSync } from 'node:fs';
import { openIntake } from '@estafette/gateway/intake/smtp-intake';
import type { Spool } from '@estafette/gateway/intake/spool';
import { systemClock } from '@estafette/runtime/clock';
import { quietLog } from './quiet-log.ts';
import type { Stage } from './stage.ts';

export interface NextHop {
  readonly port: number;
  /** Reply id → `performance.now()` when its 250 was said. */
  readonly acceptedAt: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** The reply a mail carries, from the Message-ID our gateway gives its answers. */
function replyOf(mail: string): string | null {
  const token = /^Message-ID:\s*<est\.[0-9A-Za-z]{26}\.([0-9A-Za-z]{26})\./im.exec(mail)?.[1];
  return token === undefined ? null : `rep_${token}`;
}

/** Listens on a free port of the loopback. */
export async function openNextHop(stage: Stage): Promise<NextHop> {
  const acceptedAt = new Map<string, number>();
  const replies = new Map<string, string>();
  const spool: Pick<Spool, 'store'> = {
    async store(letterId, _facts, content) {
      let mail = '';
      for await (const chunk of content) mail += Buffer.from(chunk).toString('latin1');
      const replyId = replyOf(mail);
      if (replyId !== null) replies.set(letterId, replyId);
      return { bytes: mail.length };
    },
  };
  const { operatorCertificate, operatorKey } = stage.demo.files;
  const intake = await openIntake({
    host: '127.0.0.1',
    port: 0,
    serverName: 'mx.cabinet.example',
    tls: { certificate: readFileSync(operatorCertificate, 'utf8'), key: readFileSync(operatorKey, 'utf8') },
    policy: { requiresTls: true, admits: 'anyone', allowsCbcSuites: false },
    space: 'bench',
    judge: null,
    readFrom: () => null,
    store: { mailboxByAddress: async (address) => ({ id: 'anyone', address, name: '', kind: 'PER' }) },
    spool: spool as Spool,
    log: quietLog,
    clock: systemClock,
    onSpooled(letterId) {
      const replyId = replies.get(letterId);
      if (replyId !== undefined) acceptedAt.set(replyId, performance.now());
    },
    backlog: () => 0,
  });
  return { port: intake.port, acceptedAt, close: () => intake.close() };
}
