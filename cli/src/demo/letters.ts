/** The letters of the demo, as the doctor's and the laboratory's software would write them. Fictive people. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createTransport } from 'nodemailer';
import type { DemoMaterial } from './material.ts';
import { encryptTo, signWith } from './openssl.ts';

export interface DemoLetter {
  readonly from: string;
  readonly to: string;
  readonly messageId: string;
  readonly bytes: Buffer;
}

const DOCTOR_TEXT = `Bonjour,

Pouvez-vous me confirmer que Mme DESSAINT a bien reçu sa fluindione ce mois-ci, et à quelle date ? Son INR de ce matin m'inquiète.

Bien confraternellement,
Dr Claire MARTIN
`;

const RESULT_TEXT = [
  'TEST000001',
  'DESSAINT',
  'Marguerite',
  '12 RUE DES ESSAIS',
  '',
  '59280 ARMENTIERES',
  '14/03/1941',
  '2410359999999 06',
  'B26-104512',
  '12/01/2026',
  'LABDEMO01  LABORATOIRE DES CHARMES',
  'PHARMA0001 PHARMACIE DES HALLES',
  '',
  "Compte-rendu d'examens biologiques",
  'Prélevé le 12/01/2026 à 07:42 - Prescripteur : Dr Claire MARTIN',
  '',
  '                        HÉMOSTASE',
  'TP                                        9 *%                70 à 120',
  'INR                                     6,8 *                 2,0 à 3,0',
  '  Antériorité 08/12/2025 : 2,6',
  '  Résultat critique : prescripteur appelé à 09:05, non joint.',
  '',
  '****LAB****',
  'RES|TP|TP|N|9|%|70|120|LL|F',
  'RES|INR|INR|N|6.8||2.0|3.0|HH|F',
  'TEX|  Antériorité 08/12/2025 : 2,6',
  'TEX|  Résultat critique : prescripteur appelé à 09:05, non joint.',
  '****FIN****',
  '****FINFICHIER****',
  '',
].join('\r\n');

function textEntity(text: string): Buffer {
  const head = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n';
  const lines =
    Buffer.from(text)
      .toString('base64')
      .match(/.{1,76}/g) ?? [];
  return Buffer.from(`${head}${lines.join('\r\n')}\r\n`);
}

/** A signed and encrypted mail from one demo person to the hosted pharmacy. */
export async function writeLetter(
  demo: DemoMaterial,
  letter: { from: 'doctor' | 'lab'; name: string; subject: string; text: string },
): Promise<DemoLetter> {
  const sender = demo.people[letter.from];
  const { pharmacy } = demo.people;
  const sealed = await encryptTo(pharmacy.folder, await signWith(sender.folder, textEntity(letter.text)));
  const messageId = `<${randomUUID()}@${sender.address.split('@')[1]}>`;
  const encodedSubject = `=?utf-8?B?${Buffer.from(letter.subject).toString('base64')}?=`;
  const head = [
    `From: "${letter.name}" <${sender.address}>`,
    `To: <${pharmacy.address}>`,
    `Subject: ${encodedSubject}`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: ${messageId}`,
    '',
  ].join('\r\n');
  return { from: sender.address, to: pharmacy.address, messageId, bytes: Buffer.concat([Buffer.from(head), sealed]) };
}

/** The doctor's question. */
export const doctorLetter = (demo: DemoMaterial): Promise<DemoLetter> =>
  writeLetter(demo, {
    from: 'doctor',
    name: 'Dr Claire MARTIN',
    subject: 'Votre avis sur une dispensation',
    text: DOCTOR_TEXT,
  });

/** The laboratory's critical result. */
export const resultLetter = (demo: DemoMaterial): Promise<DemoLetter> =>
  writeLetter(demo, {
    from: 'lab',
    name: 'Laboratoire des Charmes',
    subject: "Compte-rendu d'examens biologiques",
    text: RESULT_TEXT,
  });

/** Hands letters to the gateway over SMTP with STARTTLS, on one connection; gives the answers to DATA. */
export async function sendLetters(demo: DemoMaterial, smtp: string, letters: readonly DemoLetter[]): Promise<string[]> {
  const [, host = '127.0.0.1', port = '25'] = /^(.*):(\d+)$/.exec(smtp) ?? [];
  const transport = createTransport({
    host,
    port: Number(port),
    pool: true,
    maxConnections: 1,
    secure: false,
    requireTLS: true,
    tls: { ca: readFileSync(demo.files.authorities), servername: 'localhost' },
  });
  try {
    const answers: string[] = [];
    for (const letter of letters) {
      const sent = await transport.sendMail({ envelope: { from: letter.from, to: [letter.to] }, raw: letter.bytes });
      answers.push(sent.response);
    }
    return answers;
  } finally {
    transport.close();
  }
}
