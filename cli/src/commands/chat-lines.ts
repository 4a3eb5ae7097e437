/**
 * What `estafette chat` prints of a message: a JSON line for programs, whose fields stay and may become more, and one
 * line of text for people.
 */
import type { LetterMessage, Message, NoticeMessage, ReadMessage, StatusMessage } from '@estafette/contracts/message';
import type { OpenedMessage } from '@estafette/mobile-lite/device/device-session';
import { oneLine, reportSummary } from './report-lines.ts';
import { urgencySummary } from './urgency-lines.ts';

export type Line = Record<string, unknown> & { readonly type: string };

export function lineOf({ seq, conversationId, message, at, expiresAt }: OpenedMessage): Line {
  const common = { conversationId, seq, at: new Date(at).toISOString(), expiresAt: new Date(expiresAt).toISOString() };
  if (message.type === 'letter' || message.type === 'quarantine') {
    const { verdict, type, from, ...rest } = message;
    return {
      type,
      ...common,
      from: from.address,
      fromName: from.name,
      ...verdict,
      ...rest,
      documents: message.type === 'letter' ? message.documents : [],
    };
  }
  if (message.type === 'notice') {
    const { from, ...rest } = message;
    return { ...rest, ...common, from: from.address, fromName: from.name };
  }
  const tellsWhen = message.type === 'status' || message.type === 'read';
  return { ...message, ...common, at: tellsWhen ? message.at : common.at };
}

/** Tells of each status whether it is news: one that came late, after a newer one of its reply, is not. */
export function createStatusOrder(): (status: StatusMessage) => boolean {
  const revisions = new Map<string, number>();
  return ({ replyId, revision }) => {
    if (revision === undefined) return true;
    if (revision <= (revisions.get(replyId) ?? 0)) return false;
    revisions.set(replyId, revision);
    return true;
  };
}

/** Tells of each reading whether it is news: said again of the same person it is none, unless the sender was told since. */
export function createReadingNews(): (read: ReadMessage) => boolean {
  const told = new Map<string, boolean>();
  return ({ letterId, person, toldSender = false }) => {
    const name = `${letterId} ${person}`;
    const known = told.get(name);
    told.set(name, toldSender || known === true);
    return known === undefined || (toldSender && !known);
  };
}

export function summaryOf(message: Message): string {
  switch (message.type) {
    case 'quarantine':
      return `[quarantine] un courrier de ${message.from.address} n'est pas affiché (${message.verdict.reasons.join(', ')})`;
    case 'reply': {
      const names = (message.attachments ?? []).map(({ name }) => `(${name})`);
      const marks = [message.urgent ? ' urgente' : '', message.to === 'all' ? ' à tous' : ''].join('');
      const author = message.person === undefined ? '' : ` de ${message.person}`;
      return [`[réponse${author}${marks}]`, oneLine(message.text), ...names].filter((part) => part !== '').join(' ');
    }
    case 'filing': {
      const { what, person } = message;
      const part =
        what.kind === 'conversation' ? '' : ` ${what.letterId}${what.kind === 'document' ? ` ${what.index}` : ''}`;
      return `[versement au dossier${person === undefined ? '' : ` de ${person}`}] ${message.replyId} ${what.kind}${part}`;
    }
    case 'reminder':
      return `[rappel] la conversation s'efface le ${message.expiresAt} et n'est pas versée au dossier`;
    case 'status': {
      const each = (message.recipients ?? []).map(({ address, state }) => `${address} ${state}`);
      const mark = message.correction ? 'rectification: ' : '';
      const why = message.failure === null ? '' : ` ${message.failure}`;
      return `[${mark}${message.state}] ${message.replyId}${why}${each.length > 1 ? ` (${each.join(', ')})` : ''}`;
    }
    case 'read':
      return `[lu] ${message.letterId} par ${message.person}${message.toldSender ? ' (accusé de lecture envoyé)' : ''}`;
    case 'notice':
      return noticeSummary(message);
    case 'letter':
      return letterSummary(message);
  }
}

function noticeSummary({ kind, from, until, text }: NoticeMessage): string {
  const word = kind === 'absent' ? `absent${until === null ? '' : ` jusqu'au ${until}`}` : 'message automatique';
  return `[${word}] ${from.name || from.address} ${oneLine(text)}`;
}

function letterSummary(message: LetterMessage): string {
  const { verdict, operator, people = [] } = message;
  const marks: string[] = [
    ...verdict.reasons,
    ...(message.senderCertificateChanged ? ['nouveau certificat'] : []),
    ...(message.sameMessageId ? ['identifiant déjà vu'] : []),
    ...(message.urgent && message.urgency === undefined ? ['urgent'] : []),
  ];
  const mark = `[${verdict.show}${marks.length > 0 ? `: ${marks.join(', ')}` : ''}]`;
  const carried = operator === undefined ? '' : ` [opérateur: ${operator.name}]`;
  const also = people.length === 0 ? '' : ` (aussi à ${people.map(({ name, address }) => name || address).join(', ')})`;
  const texts = message.documents.map((document) => {
    if (document.kind === 'text') return oneLine(document.text);
    if (document.kind === 'report') return reportSummary(document.report);
    return `(${document.kind} ${document.name})`;
  });
  const pressing = message.urgency === undefined ? '' : ` ${urgencySummary(message.urgency)}`;
  return `${mark}${carried}${pressing} ${message.from.name || message.from.address}${also} «${message.subject}» ${texts.join(' | ')}`;
}
