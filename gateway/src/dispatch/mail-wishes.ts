/**
 * Does what the operator asked of mails on their way out (`estafette queue retry|hold|release|drop`). A wish is a word
 * in the row, so that commands work beside the gateway. A mail that is being tried just now is left alone until that
 * has ended: what has left cannot be held or dropped any more.
 */
import type { Clock, LastingStore, Log, MailWish, OutgoingMail } from '../ports.ts';
import { isInDoubt, isToBeSent, type MailLife, type MailTrail } from './mail-life.ts';
import type { Sender } from './send-mail.ts';

/** Whether no attempt can have left it with the other side: else a drop is no certain failure. */
const isSurelyHere = (mail: OutgoingMail): boolean => (mail.state === 'held' ? mail.certain : !isInDoubt(mail));

/** The step that fulfils wishes; run often. */
export function createMailWishes(options: {
  store: LastingStore;
  life: Pick<MailLife, 'change'>;
  sender: Pick<Sender, 'wake' | 'isBeingTried'>;
  trail: Pick<MailTrail, 'mailRetried'>;
  clock: Clock;
  log: Log;
}): () => Promise<void> {
  const { store, life, sender, trail, clock, log } = options;

  const deeds: Record<MailWish, (mail: OutgoingMail) => Promise<unknown>> = {
    async retry(mail) {
      if (!isToBeSent(mail)) return;
      await store.putOffMail(mail.id, clock.now().getTime());
      await trail.mailRetried(mail);
    },
    hold: (mail) => life.change(mail, { state: 'held', failure: 'held-by-operator', certain: isSurelyHere(mail) }),
    release(mail) {
      const doubt = mail.certain ? {} : ({ failure: 'outcome-unknown', certain: false } as const);
      return life.change(mail, { state: 'sealed', nextAttemptAt: clock.now().getTime(), ...doubt });
    },
    drop: (mail) =>
      life.change(mail, { state: 'dropped', failure: 'dropped-by-operator', certain: isSurelyHere(mail) }),
  };

  return async () => {
    for (const mail of await store.wishedMails()) {
      const { id, wish } = mail;
      if (wish === null || sender.isBeingTried(id)) continue;
      try {
        await deeds[wish](mail);
        await store.endMailWish(id, wish);
        if (wish === 'retry' || wish === 'release') await sender.wake(id, { asked: true });
      } catch (error) {
        log.warn('what the operator asked of a mail has to wait', { reason: id, error });
      }
    }
  };
}
