/**
 * Makes the mail of a filing from what its conversation keeps. Everything in clear lives in the memory of this one step;
 * what leaves it is sealed. The same filing has the same mail id and Message-ID, and is not made again once it is posted,
 * so that a crash anywhere files it exactly once.
 */
import { Refusal } from '@estafette/contracts/failure';
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import type { FilingMessage } from '@estafette/contracts/message';
import { PROFESSIONS } from '@estafette/contracts/profession';
import type {
  Conversation,
  FilingSettings,
  LastingStore,
  Mailbox,
  NewMail,
  Outbox,
  ReplyRow,
  StatedPatient,
} from '../ports.ts';
import { choosePatient, namesOthers, refuseOthers, refuseStranger } from './choose-patient.ts';
import { letterEntry, type ReopenedLetter } from './compile-exchange.ts';
import type { Exchange, ExchangeEntry, FilingAuthor } from './exchange.ts';
import { fileExchange } from './file-exchange.ts';
import { fileOriginal } from './file-original.ts';
import type { FiledMail } from './filed-mail.ts';
import type { FiledPatient } from './filed-patient.ts';
import { createKeptReader, type FilingSources, factsOf } from './read-kept.ts';
import { originalFiles } from './readable-letter.ts';

/** Signs and encrypts as the policy asks; throws a `Refusal`. */
type SealFiling = (given: {
  readonly mailbox: Mailbox;
  readonly to: string;
  readonly mail: FiledMail;
  readonly messageId: string;
  readonly at: Date;
  readonly space: string | null;
  readonly isSecret: boolean;
}) => Promise<{
  readonly bytes: Uint8Array;
  readonly space: string;
  readonly isInClear: boolean;
  readonly asksReports: boolean;
}>;

export interface FilingMakerOptions<P> {
  readonly store: LastingStore;
  readonly sources: FilingSources<P>;
  readonly outbox: Pick<Outbox, 'has'>;
  readonly seal: SealFiling;
  readonly messageIdFor: (conversationId: string, replyId: string) => string;
  readonly mailIdFor: (name: string) => string;
  /** Keyed digest of an address. */
  readonly correspondentIndex: (address: string) => Buffer;
}

/** What became of it, as the outbox takes it. */
export interface MadeFiling {
  readonly messageId: string;
  /** To be posted; none when it was before. */
  readonly mails: readonly NewMail[];
  readonly refused: readonly never[];
  /** How many of `mails` are signed only. */
  readonly inClear: number;
}

/** A filing on its way to being made. */
interface Work<P> {
  readonly row: ReplyRow;
  readonly place: P;
  readonly message: FilingMessage;
  readonly settings: FilingSettings;
  readonly mailbox: Mailbox;
}

const TITLE = 'Échange par messagerie sécurisée de santé';

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The maker of filings; throws a `Refusal` when one must not be made. */
export function createFilingMaker<P extends { readonly conversation: Conversation }>(
  options: FilingMakerOptions<P>,
): (row: ReplyRow, place: P) => Promise<MadeFiling> {
  const { store, sources } = options;
  const kept = createKeptReader(options);

  const authorOf = async ({ row, settings, mailbox }: Work<P>): Promise<FilingAuthor> => ({
    person: (await store.personOfDevice(row.deviceId)) ?? mailbox.name,
    responsible: {
      name: settings.professional,
      rpps: settings.rpps,
      profession: { code: settings.profession, name: PROFESSIONS[settings.profession] ?? '' },
    },
    organisation: settings.organisation,
    address: mailbox.address,
  });

  const exchangeOf = async (
    work: Work<P>,
    patient: FiledPatient,
    entries: readonly ExchangeEntry[],
  ): Promise<Exchange> => {
    const { row, message, settings } = work;
    const { conversationId, id: filingId, createdAt } = row;
    const documentType = message.documentType ?? settings.documentType;
    const filedAt = new Date(createdAt).toISOString();
    const author = await authorOf(work);
    return { conversationId, filingId, filedAt, author, patient, documentType, title: TITLE, entries };
  };

  /** A photo or file as it came; what is read of a text or a report has no bytes of its own: an exchange of that alone. */
  const documentMail = async (work: Work<P>, letter: ReopenedLetter, patient: FiledPatient, index: number) => {
    const document = letter.opened.documents[index];
    if (document === undefined || !letter.isReadAlike) throw new Refusal('filing-unknown');
    // Nothing else of the letter goes along: it may speak of somebody else, and so may its subject.
    const { headers, patients = [] } = letter.opened;
    const subject = namesOthers(patient, patients) ? '' : headers.subject;
    const opened = { ...letter.opened, headers: { ...headers, subject }, documents: [document] };
    const entry = letterEntry({ ...letter, opened });
    const exchange = await exchangeOf(work, patient, [entry]);
    if (document.kind === 'text' || document.kind === 'report') return fileExchange(exchange);
    const { name, mediaType, bytes } = document;
    const isMail = mediaType.startsWith('message/');
    const file = { name, mediaType: isMail ? 'application/octet-stream' : mediaType, bytes: bufferOf(bytes) };
    return fileOriginal(exchange, [file]);
  };

  /**
   * Throws a `Refusal` when somebody of these opposes that the mailbox sees letters about him (CSP L1110-4 IV): also when he
   * said so only after the letter was shown.
   */
  const refuseOpposed = async ({ row }: Work<P>, patients: readonly Omit<StatedPatient, 'index'>[]) => {
    const stated = patients.map((patient) => ({ index: 0, ...patient }));
    if ((await store.opposing(row.mailboxId, stated)).length > 0) throw new Refusal('filing-opposed');
  };

  const conversationMail = async (work: Work<P>) => {
    const { shown, entries } = await kept.conversation(work.row, work.place);
    const named = shown.flatMap(({ patients }) => patients);
    const patient = choosePatient(work.message.patient, shown);
    await refuseOpposed(work, [patient, ...named]);
    refuseOthers(patient, named);
    const mail = await fileExchange(await exchangeOf(work, patient, entries));
    return { mail, isSecret: shown.some(({ cameEncrypted }) => cameEncrypted) };
  };

  /** Of one letter; a report of another letter of the conversation may name the patient. */
  const partMail = async (work: Work<P>, letterId: string, index: number | null) => {
    const { row, place, message } = work;
    const letter = await kept.letter(row, place, letterId);
    const { patient: asked } = message;
    const other = asked.from === 'report' && asked.letterId !== letterId ? asked.letterId : null;
    const facts = factsOf(letter);
    const naming = [facts, ...(other === null ? [] : [factsOf(await kept.letter(row, place, other))])];
    const patient = choosePatient(asked, naming);
    const named = facts.patients.filter((one) => index === null || one.index === index);
    await refuseOpposed(work, [patient, ...facts.patients]);
    refuseOthers(patient, named);
    if (named.length === 0) refuseStranger(patient, facts.patients);
    // Who it is filed under may stand in the other letter alone.
    const isSecret = naming.some(({ cameEncrypted }) => cameEncrypted);
    const mail =
      index === null
        ? await fileOriginal(await exchangeOf(work, patient, [letterEntry(letter)]), originalFiles(letter))
        : await documentMail(work, letter, patient, index);
    return { mail, isSecret };
  };

  const write = (work: Work<P>) => {
    const { what } = work.message;
    if (what.kind === 'conversation') return conversationMail(work);
    return partMail(work, what.letterId, what.kind === 'document' ? what.index : null);
  };

  const make = async (work: Work<P>, id: string, messageId: string): Promise<MadeFiling> => {
    const { row, place, settings, mailbox } = work;
    const { mailboxId, conversationId, createdAt } = row;
    const { mail, isSecret } = await write(work);
    const size = mail.attachments.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (size > CONVERSATION_LIMITS.attachmentsTotalMaxBytes) throw new Refusal('filing-too-large');
    const { to } = settings;
    const { space } = place.conversation;
    const sealed = await options.seal({ mailbox, to, mail, messageId, at: new Date(createdAt), space, isSecret });
    const posted: NewMail = {
      ...{ id, mailboxId, conversationId, to, messageId },
      kind: 'filing',
      subject: row.id,
      recipientIndex: options.correspondentIndex(to),
      space: sealed.space,
      urgent: false,
      asksReports: sealed.asksReports,
      replyIds: [row.id],
      from: mailbox.address,
      bytes: sealed.bytes,
    };
    return { messageId, mails: [posted], refused: [], inClear: sealed.isInClear ? 1 : 0 };
  };

  return async (row, place) => {
    const messageId = options.messageIdFor(row.conversationId, row.id);
    const id = options.mailIdFor(`filing ${row.id}`);
    if (await options.outbox.has(id)) return { messageId, mails: [], refused: [], inClear: 0 };
    const settings = await store.filingSettings(row.mailboxId);
    if (settings === null) throw new Refusal('filing-not-set');
    const mailbox = await store.mailboxById(row.mailboxId);
    if (mailbox === null) throw new Error('a filing without its mailbox');
    const message = await sources.asked(row, place);
    return make({ row, place, message, settings, mailbox }, id, messageId);
  };
}
