/** For tests: a conversation that is filed, with letters as they read now, the way out that takes the wish, and what was sealed. */
import { openJson } from '@estafette/contracts/conversation-seal';
import type { FilingMessage, Message } from '@estafette/contracts/message';
import type { Verdict } from '@estafette/contracts/verdict';
import type { FiledMail } from '../filing/filed-mail.ts';
import { createFilingMaker } from '../filing/make-filing.ts';
import type { FilingSources } from '../filing/read-kept.ts';
import { newLetter } from '../lasting/rows.conformance.ts';
import type { FilingPlace } from '../outbound.ts';
import { NO_HEADERS, type OpenedLetter, type ReplyRow, type StatedPatient } from '../ports.ts';
import { openAsked, openReply } from '../reply/open-reply.ts';
import { assembleOutboundIn } from './outbound.fixture.ts';
import { openTyping } from './typing.fixture.ts';

export const DESTINATION = 'dossier@officine.example';
export const SECRET = 'Kaliémie à 6,9';
const KEYS = { mayTry: async () => true, refused: async () => {}, worked: () => {} };
const VERIFIED: Verdict = {
  ...{ signature: 'valid', identity: 'match', encryption: 'opened', show: 'verified', reasons: [] },
  signer: null,
};
export const PATIENT: StatedPatient = {
  index: 1,
  familyName: 'ESSAI',
  birthName: 'ESSAI',
  givenName: 'Camille',
  birthDate: '1990-01-12',
  sex: 'F',
  ins: null,
};
const TYPED = { from: 'typed', familyName: 'ESSAI', givenName: 'Camille', birthDate: '1990-01-12', sex: 'F' } as const;

/** A new world with a mailbox that files. */
export async function openFiling() {
  const typing = await openTyping();
  const { world, conversation } = typing;
  /** Letters as they read now. */
  const opened = new Map<string, OpenedLetter>();
  /** What was sealed, in clear. */
  const sealed: { to: string; messageId: string; files: string[]; isSecret: boolean; mail: FiledMail }[] = [];
  /** How many of the next mails are not posted, because the process dies. */
  const crashes = { post: 0 };
  const organisation = { name: 'PHARMACIE', finess: '990000020' };
  const name = { professional: 'Camille DURAND', rpps: '10000000019', profession: '21', organisation };
  await world.store.setFiling({ mailboxId: world.mailboxId, to: DESTINATION, documentType: '61357-0', ...name });

  const sealedOf = ({ id: replyId, conversationId, sealed: { iv, ct } }: ReplyRow) => ({
    replyId,
    conversationId,
    iv,
    ct,
  });
  const sources: FilingSources<FilingPlace> = {
    async asked(row, { key }) {
      return (await openAsked(key, row.deviceId, sealedOf(row))) as FilingMessage;
    },
    async answer(row, { key }) {
      return { message: await openReply(key, row.deviceId, sealedOf(row)), attachments: [] };
    },
    async letter(_place, letterId) {
      const found = opened.get(letterId);
      return found === undefined ? null : { original: Buffer.from(letterId), opened: found };
    },
    original: async (_place, letterId) => Buffer.from(letterId),
    claimedSender: async () => ({ name: 'Faux', address: 'faux@cabinet.example' }),
  };

  function wayOut() {
    const { store, events, tokens, vault } = world;
    const messageIdFor = tokens.messageIdFor;
    const unused = async () => ({ messageId: '', mails: [], refused: [], inClear: 0 });
    const sealFiling = createFilingMaker<FilingPlace>({
      ...{ store, sources, messageIdFor },
      outbox: { has: (id) => made.outbox.has(id) },
      seal: async ({ to, mail, messageId, isSecret }) => {
        sealed.push({ to, messageId, isSecret, mail, files: mail.attachments.map(({ name }) => name) });
        return { bytes: Buffer.from('sealed'), space: 'demo', isInClear: false, asksReports: true };
      },
      mailIdFor: (name) => events.idFor('mail', name),
      correspondentIndex: (address) => vault.index('address-index', address),
    });
    const made = assembleOutboundIn(world, { sealReplies: unused, ownKeys: KEYS, sealFiling });
    const { postTogether } = made.outbox;
    Object.assign(made.outbox, {
      postTogether: async (...mails: Parameters<typeof postTogether>) => {
        if (crashes.post-- > 0) throw new Error('a crash before the mail is posted');
        await postTogether(...mails);
      },
    });
    return made.outbound;
  }

  /** A letter of the conversation that was shown, with a report that names its patient. */
  async function shown(
    change: Partial<OpenedLetter> = {},
    state: 'routed' | 'delivered' = 'delivered',
  ): Promise<string> {
    const letter = newLetter(world.mailboxId, conversation.id, { state });
    await world.store.addLetter(letter, world.clock.ms);
    opened.set(letter.letterId, {
      verdict: VERIFIED,
      layers: [{ kind: 'encrypted', outcome: 'opened', authenticated: true, reason: null }],
      headers: { ...NO_HEADERS, from: 'claire.martin@cabinet.example', subject: 'Kaliémie' },
      documents: [{ kind: 'text', text: SECRET, truncated: false }],
      patients: [PATIENT],
      ...{ wants: [], senderCertificate: null, noticeCertificate: null, identity: letter.letterId },
      ...change,
    });
    return letter.letterId;
  }

  const ask = (change: Partial<FilingMessage> = {}) =>
    typing.given({ type: 'filing', what: { kind: 'conversation' }, patient: TYPED, ...change } as never);

  /** Messages and statuses that the devices were told, opened. */
  async function told(): Promise<Message[]> {
    const messages: Message[] = [];
    for (const job of world.delivered())
      for (const event of job.kind === 'append' ? job.events : []) {
        if (event.kind !== 'message' && event.kind !== 'status') continue;
        const { kind, id, conversationId, author } = event;
        messages.push((await openJson(typing.key.key, { kind, id, conversationId, author }, event)) as Message);
      }
    return messages;
  }

  return { ...typing, opened, sealed, crashes, sources, wayOut, shown, ask, told };
}
