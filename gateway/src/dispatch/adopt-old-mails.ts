/**
 * Mails of the time before they were rows: sealed replies under `out/<replyId>` and sealed notices under
 * `notices/<letterId>.<mailboxId>`, each with its recipient in front. At a start they become mails like all others, with
 * the same bytes and the same Message-ID; what is left over and belongs to nothing is removed. Run before anything
 * consumes; a second run finds nothing.
 */
import type { BlobStore, LastingStore, Log, NewMail, Outbox, OutgoingMail, ReplyRow, Vault } from '../ports.ts';
import { isToBeSent } from './mail-life.ts';

const OUT = 'out/';
const NOTICES = 'notices/';

interface OldMail {
  readonly to: string;
  readonly messageId: string;
  readonly bytes: Buffer;
}

/** The step that adopts them. */
export function createAdoption(options: {
  store: LastingStore;
  safe: BlobStore;
  vault: Vault;
  outbox: Outbox;
  mailIdFor: (name: string) => string;
  recipientIndex: (address: string) => Buffer;
  /** Trust space they leave into. */
  space: () => string;
  /** The bytes of a sealed reply are gone. */
  lost: (row: ReplyRow) => Promise<unknown>;
  log: Log;
}): () => Promise<void> {
  const { store, safe, vault, outbox, mailIdFor, log } = options;

  const read = async (name: string, context: string): Promise<OldMail | null> => {
    const stored = await safe.get(name);
    if (stored === null) return null;
    const clear = vault.open('spool', context, stored);
    const end = clear.indexOf(0x0a);
    const { to } = JSON.parse(clear.subarray(0, end).toString()) as { to: string };
    const bytes = clear.subarray(end + 1);
    const messageId = /^message-id:\s*(<[^<>\s]+>)/im.exec(bytes.subarray(0, 65_536).toString('latin1'))?.[1] ?? '';
    return { to, messageId, bytes };
  };

  const post = (
    old: OldMail,
    facts: Pick<NewMail, 'id' | 'kind' | 'mailboxId' | 'conversationId' | 'subject' | 'replyIds' | 'from'>,
  ) =>
    outbox.post({
      ...old,
      ...facts,
      recipientIndex: options.recipientIndex(old.to),
      space: options.space(),
      urgent: false,
      asksReports: false,
    });

  const adoptReply = async (row: ReplyRow): Promise<void> => {
    const { id, mailboxId, conversationId } = row;
    if ((await store.mailsOfReply(id)).length > 0) return;
    const old = await read(OUT + id, id);
    const mailbox = await store.mailboxById(mailboxId);
    if (old === null || mailbox === null) return void (await options.lost(row));
    const facts = { id: mailIdFor(`adopted ${id}`), kind: 'reply', mailboxId, conversationId, subject: id } as const;
    await post(old, { ...facts, replyIds: [id], from: mailbox.address });
  };

  const adoptNotices = async (): Promise<void> => {
    for (const { letterId, mailboxId, conversationId } of await store.noticesToSend()) {
      const name = `${NOTICES}${letterId}.${mailboxId}`;
      const old = await read(name, name);
      const id = mailIdFor(`notice ${letterId} ${mailboxId}`);
      if (old !== null && !(await outbox.has(id)))
        await post(old, { id, kind: 'notice', mailboxId, conversationId, subject: letterId, replyIds: [], from: '' });
    }
    for await (const { name } of safe.list(NOTICES)) await safe.delete(name);
  };

  /** What lies in `out` and will not be sent: of mails that have ended, or were never posted, or are adopted. */
  const tidy = async (): Promise<void> => {
    const mayLeave = (mail: OutgoingMail): boolean => isToBeSent(mail) || mail.state === 'held';
    const waiting = new Set((await store.unfinishedMails()).filter(mayLeave).map(({ id }) => id));
    for await (const { name } of safe.list(OUT)) if (!waiting.has(name.slice(OUT.length))) await safe.delete(name);
  };

  return async () => {
    for (const row of await store.unfinishedReplies()) {
      if (row.state !== 'sealed' && row.state !== 'delayed') continue;
      await adoptReply(row).catch((error: unknown) =>
        log.error('a sealed reply could not be adopted', { replyId: row.id, error }),
      );
    }
    await adoptNotices();
    await tidy();
  };
}
