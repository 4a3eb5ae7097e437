/**
 * Tells a proven sender, once per letter, that his letter could not be opened: one text for every failure, without
 * subject or reason, signed and encrypted like an answer or not sent at all (never in clear).
 * Danger: whoever can make us say "could not be opened" has an oracle (facts: Bleichenbacher, Vaudenay, EFAIL). So only
 * an authenticated sender hears anything, a few times a day, long after the 250, and automatic mail never (RFC 3834 §2).
 */
import { Refusal } from '@estafette/contracts/failure';
import { NOTICE_LIMITS } from '@estafette/contracts/limits';
import {
  type AnswerPolicy,
  type Carrier,
  type Clock,
  domainOf,
  type LastingStore,
  type Log,
  type OpenedLetter,
  type Outbox,
  type OwnKeys,
  type SealMail,
  type Spaces,
  type TrustPaths,
} from '../ports.ts';
import { composeReply } from './compose-reply.ts';
import { type SealingRecipient, sealingRecipient, sealWithOwnKeys } from './seal-with-own-keys.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A letter in quarantine, as its sender might be told of it. */
export interface RefusedLetter {
  readonly letterId: string;
  readonly mailboxId: string;
  readonly conversationId: string;
  readonly senderIndex: Buffer;
  readonly opened: OpenedLetter;
  readonly bytes: Buffer;
  /** Empty for the null sender. */
  readonly mailFrom: string;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  /** Trust space it came through; absent: the default one. */
  readonly space?: string | undefined;
  /** Who handed it over, where that was proven. */
  readonly carrier?: Carrier | undefined;
}

/** What is written of notices that are not sent. */
interface WithheldTrail {
  noticeWithheld(letterId: string, mailboxId: string, why: string): Promise<void>;
}

export interface NotifierOptions {
  readonly store: LastingStore;
  readonly ownKeys: Pick<OwnKeys, 'forSealing'>;
  readonly seal: SealMail;
  readonly trust: TrustPaths;
  readonly clock: Clock;
  readonly log: Log;
  readonly trail: WithheldTrail;
  /** Always the same for the same letter in the same mailbox. */
  readonly messageIdFor: (letter: RefusedLetter) => string;
  /** Keyed digest of a Message-ID. */
  readonly messageIdIndex: (messageId: string) => Buffer;
  readonly mailIdFor: (name: string) => string;
  readonly outbox: Pick<Outbox, 'post'>;
  readonly spaces: Pick<Spaces, 'judging'>;
}

/**
 * Whether the From address is proven: every signature around the letter is good and its signer is the holder of that
 * address; or the operator that handed it over was proven, and the trust list gives it the domain of that address. A
 * letter whose signature lies inside what we could not open proves nothing by itself.
 */
export function isSenderAuthenticated({ opened, carrier }: Pick<RefusedLetter, 'opened' | 'carrier'>): boolean {
  const { signature, identity } = opened.verdict;
  if (signature === 'valid' && identity === 'match') return true;
  const { from } = opened.headers;
  return carrier?.kind === 'operator' && domainOf(from) === carrier.domain;
}

const AUTOMATIC =
  /^(auto-submitted\s*:(?!\s*no\b)|list-[a-z-]+\s*:|precedence\s*:\s*(bulk|list|junk)|x-auto-response-suppress\s*:|content-type\s*:\s*multipart\/report|return-path\s*:\s*<>)/im;

/** Whether a machine wrote it, or a list passed it on: nothing answers such mail (RFC 3834 §2). */
export function isAutomatic(letter: Pick<RefusedLetter, 'bytes' | 'mailFrom'>): boolean {
  if (letter.mailFrom === '') return true;
  const end = letter.bytes.indexOf('\r\n\r\n');
  return AUTOMATIC.test(letter.bytes.subarray(0, end < 0 ? letter.bytes.length : end).toString('latin1'));
}

const FRENCH_DAY = new Intl.DateTimeFormat('fr-FR', { dateStyle: 'short', timeZone: 'Europe/Paris' });
const FRENCH_TIME = new Intl.DateTimeFormat('fr-FR', { timeStyle: 'short', timeZone: 'Europe/Paris' });

/** The one text: the same for every failure of opening but for time and reference; another only for what was opened, and infected. */
function textOf({ opened, receivedAt }: RefusedLetter): string {
  const messageId = /^<[^<>\s]{1,250}>$/.exec(opened.headers.messageId)?.[0];
  const at = new Date(receivedAt);
  const isInfected = opened.verdict.reasons.includes('virus-found');
  const when = `Votre courrier reçu le ${FRENCH_DAY.format(at)} à ${FRENCH_TIME.format(at)}`;
  return [
    isInfected
      ? `${when} n'a pas été remis : l'antivirus du destinataire y a trouvé un fichier dangereux.`
      : `${when} n'a pas pu être ouvert par le destinataire.`,
    ...(messageId === undefined ? [] : [`Sa référence : ${messageId}`]),
    '',
    isInfected
      ? 'Vérifiez votre poste, puis envoyez un courrier sain, ou téléphonez au destinataire.'
      : 'Envoyez-le de nouveau avec le certificat actuel du destinataire, ou téléphonez-lui.',
    '',
    'Ce message est envoyé automatiquement par la passerelle du destinataire.',
  ].join('\n');
}

const SUBJECT = "votre courrier n'a pas pu être ouvert";

/** The step that tells the sender of a letter in quarantine, or decides not to; a second run does nothing. */
export function createNotifier(options: NotifierOptions): (letter: RefusedLetter) => Promise<void> {
  const { store, trail } = options;
  /** One at a time: two letters of a moment must not both be the last one allowed. */
  let turn: Promise<void> = Promise.resolve();

  const isAllowed = async ({ senderIndex, mailboxId, receivedAt }: RefusedLetter): Promise<boolean> => {
    // Counted back from its arrival: letters that lay in the spool for days are no reason for hundreds of notices.
    const failures = await store.countQuarantined(senderIndex, { mailboxId }, receivedAt - HOUR_MS);
    const given = await store.countQuarantined(senderIndex, { notice: 'given' }, receivedAt - DAY_MS);
    return failures <= NOTICE_LIMITS.failuresPerSenderAndHourMax && given < NOTICE_LIMITS.perSenderAndDayMax;
  };

  const recipientOf = async ({ senderIndex, opened, space }: RefusedLetter): Promise<SealingRecipient> => {
    const answers: AnswerPolicy = { ...options.spaces.judging(space).answers, encrypts: 'always' };
    const known = await store.correspondent(senderIndex);
    if (known !== null) return sealingRecipient(known, answers);
    const own = opened.noticeCertificate;
    if (own === null) throw new Refusal('certificate-missing');
    return { recipient: own.der, recipientChain: own.chain, answers };
  };

  /** The sealed notice with its Message-ID, never in clear whatever the space allows; throws a `Refusal` when it must not be made. */
  const seal = async (letter: RefusedLetter): Promise<{ sealed: Uint8Array; messageId: string }> => {
    const mailbox = await store.mailboxById(letter.mailboxId);
    if (mailbox === null) throw new Error('a letter without its mailbox');
    const to = await recipientOf(letter);
    const { from, messageId: answered } = letter.opened.headers;
    const messageId = options.messageIdFor(letter);
    const facts = { from, fromName: '', messageId: answered, references: [], quote: [] };
    const receivedAt = new Date(letter.receivedAt).toISOString();
    const mail = await composeReply({
      mailbox,
      policy: { ...options.spaces.judging(letter.space).answers, hasHtmlTwin: false },
      letter: { ...facts, receivedAt, subject: SUBJECT, subjectHidden: true },
      texts: [textOf(letter)],
      messageId,
      at: options.clock.now(),
    });
    const headers = [...mail.headers, 'Auto-Submitted: auto-replied'];
    return { sealed: await sealWithOwnKeys(options, letter.mailboxId, to, { ...mail, headers }), messageId };
  };

  const withhold = async ({ letterId, mailboxId }: RefusedLetter, why: string): Promise<void> => {
    if (await store.moveNotice(letterId, mailboxId, 'none', 'withheld'))
      await trail.noticeWithheld(letterId, mailboxId, why);
  };

  const tell = async (letter: RefusedLetter): Promise<void> => {
    const { letterId, mailboxId, conversationId, senderIndex: recipientIndex } = letter;
    if ((await store.quarantinedLetter(letterId, mailboxId))?.notice !== 'none') return;
    if (!(await isAllowed(letter))) return withhold(letter, 'limit');
    try {
      const { sealed, messageId } = await seal(letter);
      const messageIdIndex = options.messageIdIndex(messageId);
      await store.rememberMessageId({ mailboxId, messageIdIndex, conversationId, subject: letterId, direction: 'out' });
      await options.outbox.post({
        id: options.mailIdFor(`notice ${letterId} ${mailboxId}`),
        kind: 'notice',
        ...{ mailboxId, conversationId, subject: letterId, recipientIndex, messageId, bytes: sealed },
        space: options.spaces.judging(letter.space).name,
        urgent: false,
        asksReports: false,
        replyIds: [],
        from: '',
        to: letter.opened.headers.from,
      });
      await store.moveNotice(letterId, mailboxId, 'none', 'sealed');
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      await withhold(letter, error.code);
    }
  };

  return async (letter) => {
    if (!isSenderAuthenticated(letter) || isAutomatic(letter)) return;
    // A mark that stands under the signature, or one that only autoresponders write.
    if (letter.opened.automatic?.guessed === false) return;
    // It left here, or goes round: an answer would too.
    if (letter.opened.verdict.reasons.includes('looping')) return;
    // Its sender is not told that a patient opposes, nor a lie instead.
    if (letter.opened.verdict.reasons.includes('patient-opposes')) return;
    const { letterId, mailboxId } = letter;
    // A notice is a courtesy: no trouble with it may hold the letter back.
    turn = turn
      .then(() => tell(letter))
      .catch((error: unknown) => options.log.warn('no notice to the sender', { letterId, mailboxId, error }));
    await turn;
  };
}
