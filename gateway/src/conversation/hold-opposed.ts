/**
 * Holds a letter that names a patient who opposes that this mailbox sees letters about them (CSP L1110-4 IV). It goes
 * into quarantine with all it says; the notice names the sender and this reason, never the patient. Judged for each
 * mailbox by itself, at the arrival and again at every release. Its sender is told nothing: that somebody opposes is the
 * patient's secret as well.
 */
import type { LastingStore, OpenedLetter } from '../ports.ts';

type Oppositions = Pick<LastingStore, 'opposing'>;

/** Ids of the oppositions that stand against showing this letter in this mailbox. */
export const opposedBy = async (store: Oppositions, mailboxId: string, opened: OpenedLetter): Promise<string[]> =>
  opened.patients === undefined || opened.patients.length === 0 ? [] : store.opposing(mailboxId, opened.patients);

/** The letter as it goes on: as it is, or as one that must not be shown, of which nothing is learnt. */
export async function holdOpposed(store: Oppositions, mailboxId: string, opened: OpenedLetter): Promise<OpenedLetter> {
  const oppositions = await opposedBy(store, mailboxId, opened);
  if (oppositions.length === 0) return opened;
  const { verdict } = opened;
  return {
    ...opened,
    documents: [],
    senderCertificate: null,
    noticeCertificate: null,
    verdict: { ...verdict, show: 'quarantine', reasons: [...verdict.reasons, 'patient-opposes'] },
    opposedBy: oppositions,
  };
}
