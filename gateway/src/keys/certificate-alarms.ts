/**
 * Says in time that a certificate of ours comes to its end: at start and once a day, 60, 30 and 7 days before the
 * mailbox's last valid key for a use ends with none to take over, and every day while there is none at all. A threshold
 * is told once per certificate (the trail remembers); the server's own TLS certificate is watched the same way.
 */
import { X509Certificate } from 'node:crypto';
import { KEY_LIMITS } from '@estafette/contracts/limits';
import type { Clock, KeyUses, LastingStore, Log, Mailbox } from '../ports.ts';
import { daysLeft, standingOf, type UsesOf } from './key-standing.ts';

/** What is written of certificates that end. */
interface AlarmTrail {
  certificateEnding(subject: string, mailboxId: string | null, days: number): Promise<void>;
  certificateMissing(mailboxId: string, use: keyof KeyUses): Promise<void>;
}

interface ServerCertificate {
  /** For the log and the trail. */
  readonly name: string;
  readonly fingerprint: string;
  readonly notAfter: number;
}

const DAY_MS = 86_400_000;

/** The certificate that a server's PEM file begins with. */
export function serverCertificate(name: string, pem: Buffer): ServerCertificate {
  const { fingerprint256, validToDate } = new X509Certificate(pem);
  return { name, fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(), notAfter: validToDate.getTime() };
}

/** The alarms; call often, they look once a day by the clock. */
export function createCertificateAlarms(options: {
  store: Pick<LastingStore, 'mailboxes' | 'keysOf' | 'trace'>;
  usesOf: UsesOf;
  /** As they are now: a reload may change them. */
  servers: () => readonly ServerCertificate[];
  trail: AlarmTrail;
  clock: Clock;
  log: Log;
}): () => Promise<void> {
  const { store, trail, clock, log } = options;
  let lookAgainAt = 0;

  /** The tightest threshold that the end has come under; null when it is further off. */
  const thresholdOf = (until: number, now: number): number | null =>
    KEY_LIMITS.endingDays.filter((days) => until - now <= days * DAY_MS).at(-1) ?? null;

  const warn = async (
    subject: string,
    end: { mailboxId: string | null; notAfter: number; code: string; now: number },
  ): Promise<void> => {
    const days = thresholdOf(end.notAfter, end.now);
    if (days === null) return;
    const told = await store.trace(subject);
    if (told.some(({ event, detail }) => event === 'certificate-ending' && Number(detail) <= days)) return;
    const count = daysLeft(end.notAfter, end.now);
    const { code, mailboxId } = end;
    log.warn('a certificate ends soon', { code, count, ...(mailboxId === null ? {} : { mailboxId }) });
    await trail.certificateEnding(subject, mailboxId, days);
  };

  const lookAtMailbox = async ({ id: mailboxId }: Mailbox, now: number): Promise<void> => {
    const { coverage, missing } = standingOf(await store.keysOf(mailboxId), options.usesOf, now);
    for (const use of missing) {
      log.warn('a mailbox has no certificate good for use', { mailboxId, code: 'certificate-missing', reason: use });
      const told = (await store.trace(mailboxId)).some(
        ({ event, detail, at }) => event === 'certificate-missing' && detail === use && at > now - DAY_MS,
      );
      if (!told) await trail.certificateMissing(mailboxId, use);
    }
    if (coverage === null) return;
    const { id, notAfter } = coverage.key;
    await warn(id, { mailboxId, notAfter, code: 'certificate-ending', now });
  };

  return async () => {
    const now = clock.now().getTime();
    if (now < lookAgainAt) return;
    lookAgainAt = now + DAY_MS;
    for (const mailbox of await store.mailboxes())
      await lookAtMailbox(mailbox, now).catch((error: unknown) =>
        log.warn('the keys of a mailbox cannot be read', { mailboxId: mailbox.id, error }),
      );
    for (const { name, fingerprint, notAfter } of options.servers())
      await warn(`${name} ${fingerprint}`, { mailboxId: null, notAfter, code: 'server-certificate-ending', now });
  };
}
