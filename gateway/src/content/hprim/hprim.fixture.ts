/**
 * For tests: a laboratory report of a fictive patient with a critical INR, and the charsets in which French
 * laboratories write. `encode` is the opposite of what the code under test does, made from its own tables of bytes.
 */

import { decodeCp850 } from '../text/cp850-table.ts';

export const INR_HEADER = [
  'FIC0000042',
  'DESSAINT',
  'Marguerite',
  '8 RUE DES TILLEULS',
  '',
  '59280 ARMENTIERES',
  '14/03/1941',
  '2410359999999 06',
  'B26-104512',
  '12/01/2026',
  'LABFICTIF LABORATOIRE DES TILLEULS',
  'MGFICTIF01 CLAIRE.MARTIN',
  '',
];

export const INR_LINES = [
  ...INR_HEADER,
  "Compte-rendu d'examens biologiques",
  'Prélevé le 12/01/2026 à 07:42 - Prescripteur : Dr Claire MARTIN',
  '',
  '                        HÉMOSTASE',
  'TP                                        9 *%                70 à 120',
  'INR                                     6,8 *                 2,0 à 3,0',
  '  Antériorité 08/12/2025 : 2,6',
  '',
  '****LAB****',
  'TEX|                        HÉMOSTASE',
  'TEX|TP                                        9 *%                70 à 120',
  'RES|TP|TP|N|9|%|70|120|LL|F',
  'TEX|INR                                     6,8 *                 2,0 à 3,0',
  'RES|INR|INR|N|6.8||2.0|3.0|HH|F',
  'TEX|  Antériorité 08/12/2025 : 2,6',
  'TEX|  Résultat critique : prescripteur appelé à 09:05, non joint.',
  '****FIN****',
  '****FINFICHIER****',
];

export type FixtureCharset = 'utf-8-bom' | 'utf-8' | 'windows-1252' | 'cp850' | 'macintosh';
export const FIXTURE_CHARSETS: readonly FixtureCharset[] = ['utf-8-bom', 'utf-8', 'windows-1252', 'cp850', 'macintosh'];

export function encode(text: string, charset: FixtureCharset): Buffer {
  if (charset === 'utf-8') return Buffer.from(text, 'utf8');
  if (charset === 'utf-8-bom') return Buffer.from(`\ufeff${text}`, 'utf8');
  const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const table = charset === 'cp850' ? decodeCp850(everyByte) : new TextDecoder(charset).decode(everyByte);
  return Buffer.from(
    [...text].map((character) => {
      const byte = table.indexOf(character);
      if (byte === -1) throw new Error(`${charset} has no ${character}`);
      return byte;
    }),
  );
}

/** The INR report as a laboratory under that charset's system would write it: CR alone on a Macintosh. */
export function inrReport(charset: FixtureCharset): Buffer {
  const lineEnd = charset === 'macintosh' ? '\r' : charset.startsWith('utf-8') ? '\n' : '\r\n';
  return encode(INR_LINES.join(lineEnd) + lineEnd, charset);
}
