/**
 * The letters of the benches: 20 KB of French text, signed (RSA-2048, SHA-256) and then encrypted (RSA PKCS#1 v1.5,
 * AES-256-CBC), about 31 KB as a mail. Sealed by the gateway's own sealer, before the clock starts, each anew.
 */
import { randomUUID } from 'node:crypto';
import { readCertificate } from '@estafette/gateway/envelope/certificate';
import { sealEnvelope } from '@estafette/gateway/envelope/seal-envelope';
import type { Correspondent, Stage } from './stage.ts';

export interface Letter {
  readonly from: string;
  readonly to: string;
  readonly messageId: string;
  readonly bytes: Buffer;
}

const BODY_BYTES = 20 * 1024;
/** What is signed in a letter of 5 MB on the wire: encryption in base64 makes 1.37 of it. */
const LARGE_BODY_BYTES = Math.floor((5 * 1_048_576) / 1.37);
const SENTENCE = "Confr=C3=A8re, je vous confie ce patient sous fluindione, dont l'INR de ce matin est =C3=A0 4,1.\r\n";

/** The entity that is signed: text/plain, quoted-printable, 20 KB by default. */
export function textEntity(bytes = BODY_BYTES): Buffer {
  const head = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n';
  return Buffer.from(head + SENTENCE.repeat(Math.floor(bytes / SENTENCE.length)), 'latin1');
}

/** Seals one letter from a correspondent to the stage's mailbox; `thread` names the letter it goes on from. */
export function sealLetter(stage: Stage, from: Correspondent, thread?: string, entity = textEntity()): Letter {
  const messageId = `<${randomUUID()}@cabinet.example>`;
  const headers = [
    `From: <${from.address}>`,
    `To: <${stage.mailbox.address}>`,
    'Subject: INR de ce matin',
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: ${messageId}`,
    ...(thread === undefined ? [] : [`References: ${thread}`]),
  ];
  const bytes = sealEnvelope({
    headers,
    entity,
    key: from.key,
    recipient: readCertificate(stage.mailbox.key.certificate),
    at: new Date(),
  });
  return { from: from.address, to: stage.mailbox.address, messageId, bytes };
}

/** `count` letters, senders in turn, each the first of a conversation. */
export function sealLetters(stage: Stage, count: number): Letter[] {
  return Array.from({ length: count }, (_, at) => {
    const from = stage.correspondents[at % stage.correspondents.length];
    if (from === undefined) throw new RangeError('no correspondents');
    return sealLetter(stage, from);
  });
}

/** A letter of 5 MB on the wire, from the first correspondent. */
export function sealLargeLetter(stage: Stage): Letter {
  const [from] = stage.correspondents;
  if (from === undefined) throw new RangeError('no correspondents');
  return sealLetter(stage, from, undefined, textEntity(LARGE_BODY_BYTES));
}
