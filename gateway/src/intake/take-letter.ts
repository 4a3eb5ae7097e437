/**
 * DATA: the header first, so that whoever may not write as its From is refused before anything is kept; then the whole
 * letter into the sealed spool, with what SMTP said of it. What is refused is read on to its end and forgotten.
 */
import { Refusal } from '@estafette/contracts/failure';
import { newId } from '@estafette/contracts/ids';
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import type { SMTPServerDataStream, SMTPServerSession } from 'smtp-server';
import { type Clock, type DeliveryWishes, type Log, passed } from '../ports.ts';
import type { Admission } from './admission.ts';
import type { DoorLimits } from './door-limits.ts';
import { mailOf } from './guarded-connection.ts';
import { readHeaderFirst, watchedLetter } from './letter-stream.ts';
import type { Spool, SpoolFacts } from './spool.ts';

export interface LetterKeeper {
  readonly space: string;
  readonly readFrom: (headerBlock: Buffer) => string | null;
  readonly spool: Spool;
  readonly log: Log;
  readonly clock: Clock;
  readonly limits: DoorLimits;
}

/** What was settled before DATA. */
export interface Transaction {
  readonly admission: Admission;
  readonly recipients: DeliveryWishes['recipients'];
}

function factsOf(
  { envelope: { mailFrom } }: SMTPServerSession,
  recipients: DeliveryWishes['recipients'],
): Pick<SpoolFacts, 'mailFrom' | 'mailboxIds' | 'wishes'> {
  const said = mailFrom === false ? undefined : mailOf(mailFrom);
  return {
    mailFrom: mailFrom === false ? '' : mailFrom.address,
    mailboxIds: [...new Set(recipients.map(({ mailboxId }) => mailboxId))],
    wishes: { envelopeId: said?.envelopeId ?? null, returns: said?.returns ?? null, recipients },
  };
}

async function keep(
  letter: AsyncIterable<Uint8Array>,
  { admission, recipients }: Transaction,
  session: SMTPServerSession,
  { space, readFrom, spool, log, clock }: LetterKeeper,
): Promise<string> {
  const { header, content } = admission.asksFrom
    ? await readHeaderFirst(letter, ENVELOPE_LIMITS.headerMaxBytes)
    : { header: null, content: letter };
  const handover = admission.handover(header === null ? null : readFrom(header));
  if ('refusal' in handover) throw new Refusal(handover.refusal);
  const letterId = newId('letter');
  const carrier = handover.carrier === undefined ? {} : { carrier: handover.carrier };
  const facts = { ...factsOf(session, recipients), ...carrier, space, receivedAt: clock.now().getTime() };
  passed('letter-offered');
  const { bytes } = await spool.store(letterId, facts, content);
  passed('letter-spooled');
  log.info('letter accepted', { sessionId: session.id, letterId, bytes, count: facts.mailboxIds.length });
  return letterId;
}

/** Gives the id of the letter once it is durable; throws a `Refusal`, or what went wrong here, and keeps nothing. */
export async function takeLetter(
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
  transaction: Transaction,
  keeper: LetterKeeper,
): Promise<string> {
  const chunks = stream.iterator({ destroyOnReturn: false });
  try {
    return await keep(watchedLetter(chunks, keeper.limits), transaction, session, keeper);
  } finally {
    await chunks.return?.();
    // Refused: read on, kept no more, so that the peer hears why at the end of DATA.
    stream.resume();
  }
}
