/** Reports of a fictive patient for the bench: a blood count of 40 analyses as HPRIM and as CDA, a letter with it as XDM. */
import {
  cdaOf,
  chapter,
  interpretation,
  observation,
  quantity,
  range,
  related,
  sectionsOf,
} from '@estafette/gateway/content/cda/cda.fixture';
import { encode, INR_HEADER } from '@estafette/gateway/content/hprim/hprim.fixture';
import { archived, letterOf, PDF } from '@estafette/gateway/content/xdm/letter.fixture';

export const RESULTS = 40;

const numbers = Array.from({ length: RESULTS }, (_, at) => at);

/** In cp1252 with CRLF, as a laboratory writes. */
export function hprimReport(): Buffer {
  const lines = numbers.flatMap((at) => [
    `TEX|Hématologie ${at}                   ${at},8 *            2,0 à 3,0`,
    `RES|ANALYSE ${at}|K${at}|N|${at}.8|mmol/l|2.0|3.0|${at % 7 === 0 ? 'H' : 'N'}|F`,
    'TEX|  Antériorité 08/12/2025 : 2,6',
  ]);
  const file = [...INR_HEADER, "Compte-rendu d'examens", '****LAB****', ...lines, '****FIN****', '****FINFICHIER****'];
  return encode(`${file.join('\r\n')}\r\n`, 'windows-1252');
}

/** An N3 laboratory report with its narrative. */
export function cdaReport(): Buffer {
  const statements = numbers.map((at) =>
    related(
      observation(`${quantity(`${at}.8`)}${interpretation(at % 7 === 0 ? 'H' : 'N')}${range('2.0', '3.0')}`, {
        code: `<code code="K${at}" displayName="Analyse ${at}" codeSystem="2.16.840.1.113883.6.1"/>`,
      }),
    ),
  );
  const rows = numbers.map((at) => `<tr><td>Analyse ${at}</td><td>${at}.8 mmol/L</td><td>2.0 – 3.0</td></tr>`);
  const text = `<table><tbody>${rows.join('')}</tbody></table>`;
  return Buffer.from(cdaOf({ body: sectionsOf(chapter(statements.join(''), { text })) }));
}

/** The entity of a letter with the report in an archive. */
export const xdmLetter = (): Buffer =>
  letterOf([
    archived({
      documents: [
        { uri: 'DOC0001.XML', bytes: cdaReport() },
        { uri: 'DOC0002.PDF', mediaType: 'application/pdf', bytes: PDF, uniqueId: '1.2.3.5' },
      ],
    }),
  ]);
