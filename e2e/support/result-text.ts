/** A laboratory result of our own, in HPRIM form: header lines, text, RES lines. Fictive patient. */

/** The report as text with CRLF line ends; the INR in it is critical. */
export function resultText(patient = { familyName: 'ESSAI', givenName: 'Mélanie' }): string {
  return [
    'TEST000002',
    patient.familyName,
    patient.givenName,
    '7 ALLÉE DES TILLEULS',
    '',
    '59000 LILLE',
    '02/05/1948',
    '2480599999999 34',
    'B26-200417',
    '12/01/2026',
    'LABDEMO01  LABORATOIRE DES CHARMES',
    'PHARMA0001 PHARMACIE DES HALLES',
    '',
    "Compte-rendu d'examens biologiques",
    'Prélevé le 12/01/2026 à 07:42 - Prescripteur : Dr Claire MARTIN',
    '',
    '                        HÉMOSTASE',
    'INR                                     6,8 *                 2,0 à 3,0',
    '  Résultat critique : prescripteur appelé à 09:05, non joint.',
    '',
    '****LAB****',
    'RES|INR|INR|N|6.8||2.0|3.0|HH|F',
    'TEX|  Résultat critique : prescripteur appelé à 09:05, non joint.',
    '****FIN****',
    '****FINFICHIER****',
    '',
  ].join('\r\n');
}

/** The letters of `resultText` outside ASCII, in DOS code page 850 (IBM 1991). */
const CP850: Readonly<Record<string, number>> = { É: 0x90, é: 0x82, à: 0x85, è: 0x8a, ê: 0x88, ç: 0x87 };

/** The text in a single-byte character set of laboratory software; throws at a character it lacks. */
export function encoded(text: string, charset: 'cp1252' | 'cp850' | 'utf-8'): Buffer {
  if (charset === 'utf-8') return Buffer.from(text);
  return Buffer.from(
    Array.from(text, (character) => {
      const code = character.charCodeAt(0);
      const byte = code < 0x80 || charset === 'cp1252' ? code : CP850[character];
      if (byte === undefined || byte > 0xff) throw new RangeError(`no ${charset} byte for ${character}`);
      return byte;
    }),
  );
}
