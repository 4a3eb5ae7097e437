/**
 * Scans a letter after it was opened and before anybody sees it: the clear MIME entity as a mail, because ClamAV finds
 * there what is in no file of ours, and every file that would be given, because it finds there what it cannot reach by
 * itself (a PDF in base64 in a CDA) and what another reading of the same mail would miss. An infected letter keeps its
 * headers and its verdict and goes into quarantine; without a verdict of the antivirus it goes nowhere and is tried again.
 */
import { ANTIVIRUS_LIMITS } from '@estafette/contracts/limits';
import { type Antivirus, type Clock, NotScanned, type OpenedLetter } from '../ports.ts';

/** clamd takes for a mail what begins with a field that only mails have; an opened entity begins with Content-Type. */
const MAIL_MARK = Buffer.from('MIME-Version: 1.0\r\n');

function filesOf({ documents, content }: OpenedLetter): Uint8Array[] {
  const files = documents.flatMap((document) => ('bytes' in document ? [document.bytes] : []));
  return content === undefined ? files : [Buffer.concat([MAIL_MARK, content]), ...files];
}

/** Nothing of it is shown or learnt; a sender it is proven to come from may be told. */
function infected(opened: OpenedLetter, virus: string): OpenedLetter {
  const { verdict, senderCertificate, noticeCertificate } = opened;
  return {
    ...opened,
    virus,
    documents: [],
    senderCertificate: null,
    noticeCertificate: noticeCertificate ?? senderCertificate,
    verdict: { ...verdict, show: 'quarantine', reasons: [...verdict.reasons, 'virus-found'] },
  };
}

/** Gives the letter as it may go on; throws `NotScanned`. What would not be shown anyway is not scanned. */
export async function scanLetter(antivirus: Antivirus, given: OpenedLetter): Promise<OpenedLetter> {
  const { content: _, ...opened } = given;
  if (opened.verdict.show === 'quarantine' && opened.documents.length === 0) return opened;
  const virus = await antivirus.scan(filesOf(given));
  return virus === null ? opened : infected(opened, virus);
}

/** What is written of letters that wait for the antivirus. */
interface WaitingTrail {
  letterUnscanned(letterId: string, code: string): Promise<void>;
}

/** Letters that kept the antivirus busy for long and got no verdict: few at once, so that others find a place. */
function createSlowLetters() {
  const slow = new Set<string>();
  let tried = 0;
  return {
    async tryAgain(letterId: string, takeIn: (letterId: string) => Promise<void>): Promise<void> {
      if (!slow.has(letterId)) return takeIn(letterId);
      if (tried >= ANTIVIRUS_LIMITS.slowLettersMax)
        throw new NotScanned('antivirus-unavailable', 'other letters that took long are tried again first');
      tried += 1;
      try {
        await takeIn(letterId);
      } finally {
        tried -= 1;
      }
    },
    note: (letterId: string, ms: number): void => void (ms >= ANTIVIRUS_LIMITS.slowFromMs && slow.add(letterId)),
    forget: (letterId: string): void => void slow.delete(letterId),
  };
}

/**
 * The way in, noting once of each letter that it waits for the antivirus; the job that runs it tries again, and a letter
 * that is slow to scan keeps no other waiting.
 */
export function notingUnscanned(
  takeIn: (letterId: string) => Promise<void>,
  { trail, clock }: { trail: WaitingTrail; clock: Clock },
): (letterId: string) => Promise<void> {
  const told = new Set<string>();
  const slow = createSlowLetters();
  return async (letterId) => {
    const since = clock.now().getTime();
    try {
      await slow.tryAgain(letterId, takeIn);
      told.delete(letterId);
      slow.forget(letterId);
    } catch (error) {
      if (!(error instanceof NotScanned)) throw error;
      slow.note(letterId, clock.now().getTime() - since);
      if (!told.has(letterId)) {
        told.add(letterId);
        await trail.letterUnscanned(letterId, error.code);
      }
      throw error;
    }
  };
}
