/**
 * A judge of PDF/A-1b for our own files, beside the foreign ones: it reads the objects by the cross-reference table and
 * tells what ISO 19005-1 finds wrong. It knows no object streams and no incremental update, which we do not write.
 */
import { spawnSync } from 'node:child_process';
import { inflateSync } from 'node:zlib';

type PdfObject = { readonly text: string; readonly stream: Buffer | null };

const JARS = [
  'preflight',
  'pdfbox2',
  'xmpbox',
  'fontbox2',
  'commons-logging',

  'javax.activation',
  'jaxb-api',
];

/** What PDFBox Preflight, somebody else's judge of PDF/A-1b, says of the file: nothing when it is valid. */
export function preflightSays(file: string): string {
  const classPath = JARS.map((jar) => `/usr/share/java/${jar}.jar`).join(':');
  const words = ['-cp', classPath, 'org.apache.pdfbox.preflight.Validator_A1b', file];
  const { stdout, stderr, error } = spawnSync('java', words, { encoding: 'utf8' });
  if (error) throw error;
  return /is a valid PDF\/A-1b file/.test(stdout) ? '' : `${stdout}${stderr}`;
}

function readObjects(pdf: Buffer): { objects: PdfObject[]; trailer: string } {
  const whole = pdf.toString('latin1');
  const table = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(whole)?.[1]);
  const [, count = '0'] = /^xref\n0 (\d+)\n/.exec(whole.slice(table)) ?? [];
  const rows = whole.slice(table + `xref\n0 ${count}\n`.length);
  const offsets = Array.from({ length: Number(count) - 1 }, (_, index) =>
    Number(rows.slice((index + 1) * 20, (index + 1) * 20 + 10)),
  );
  const objects = offsets.map((offset, index): PdfObject => {
    const begin = `${index + 1} 0 obj\n`;
    if (!whole.startsWith(begin, offset)) throw new Error(`no object ${index + 1} at ${offset}`);
    const length = /\/Length (\d+)/.exec(whole.slice(offset, whole.indexOf('endobj', offset)))?.[1];
    const body = whole.indexOf('stream\n', offset) + 'stream\n'.length;
    const isStream = length !== undefined && /^.{0,5000}?>>\nstream\n/s.test(whole.slice(offset, body));
    const end = isStream ? body + Number(length) : whole.indexOf('\nendobj\n', offset);
    if (isStream && !whole.startsWith('\nendstream\nendobj\n', end))
      throw new Error(`object ${index + 1} ends elsewhere`);
    return {
      text: whole.slice(offset + begin.length, isStream ? body : end),
      stream: isStream ? pdf.subarray(body, end) : null,
    };
  });
  return { objects, trailer: whole.slice(whole.indexOf('trailer', table)) };
}

const FORBIDDEN =
  /\/(?:JavaScript|JS|AA|OpenAction|Launch|EmbeddedFiles|LZWDecode|SMask|CA|ca|BM|Group|XFA|Annots|AcroForm|Encrypt|Movie|Sound|OCProperties|TR|Crypt)\b/;

/** Empty when nothing is wrong. */
export function structureSays(pdf: Buffer): string[] {
  const wrong: string[] = [];
  const check = (holds: boolean, what: string) => {
    if (!holds) wrong.push(what);
  };
  const { objects, trailer } = readObjects(pdf);
  const at = (reference: string | undefined): PdfObject => objects[Number(reference) - 1] ?? { text: '', stream: null };
  const content = ({ text, stream }: PdfObject): Buffer =>
    stream === null ? Buffer.alloc(0) : text.includes('/FlateDecode') ? inflateSync(stream) : stream;
  check(/^%PDF-1\.4\n%[\x80-\xff]{4}\n/.test(pdf.toString('latin1', 0, 20)), '6.1.2 header');
  check(/\/ID \[<([0-9a-f]{32})> <\1>\]/.test(trailer), '6.1.3 trailer id');
  for (const { text } of [...objects, { text: trailer }])
    check(!FORBIDDEN.test(text), `forbidden: ${FORBIDDEN.exec(text)}`);
  const catalogue = objects.find(({ text }) => text.includes('/Type /Catalog'))?.text ?? '';
  const intent = at(/\/OutputIntents \[(\d+) 0 R\]/.exec(catalogue)?.[1]).text;
  check(intent.includes('/S /GTS_PDFA1'), '6.2.2 output intent');
  const profile = content(at(/\/DestOutputProfile (\d+) 0 R/.exec(intent)?.[1]));
  check(
    profile.toString('latin1', 36, 40) === 'acsp' && profile.toString('latin1', 16, 20) === 'RGB ',
    '6.2.2 profile',
  );
  const metadata = at(/\/Metadata (\d+) 0 R/.exec(catalogue)?.[1]);
  const xmp = metadata.stream?.toString('utf8') ?? '';
  check(!metadata.text.includes('/Filter'), '6.7.2 metadata are compressed');
  check(/<pdfaid:part>1<.*<pdfaid:conformance>B</s.test(xmp), '6.7.11 identification');
  const told = at(/\/Info (\d+) 0 R/.exec(trailer)?.[1]).text;
  const [, date = ''] = /D:(\d{14})Z/.exec(at(/\/CreationDate (\d+)/.exec(told)?.[1]).text) ?? [];
  check(/CreateDate>([^<]*)Z</.exec(xmp)?.[1]?.replace(/\D/g, '') === date, '6.7.3 dates differ');
  const title = at(/\/Title (\d+)/.exec(told)?.[1]).text.slice(1, -1);
  check(title !== '' && xmp.includes(title), '6.7.3 titles differ');
  const fonts = objects.filter(({ text }) => text.includes('/Subtype /Type0'));
  check(
    fonts.length > 0 && !objects.some(({ text }) => /\/Subtype \/(?:Type1|TrueType|Type3)\b/.test(text)),
    '6.3.4 fonts',
  );
  for (const font of fonts) {
    check(/\/ToUnicode \d+ 0 R/.test(font.text) && font.text.includes('/Encoding /Identity-H'), '6.3.3 encoding');
    const descendant = at(/\/DescendantFonts \[(\d+) 0 R\]/.exec(font.text)?.[1]).text;
    check(descendant.includes('/CIDToGIDMap /Identity'), '6.3.3.2 map');
    const descriptor = at(/\/FontDescriptor (\d+) 0 R/.exec(descendant)?.[1]).text;
    const program = content(at(/\/FontFile2 (\d+) 0 R/.exec(descriptor)?.[1]));
    const widths = glyphWidths(program);
    const stated = (/\/W \[0 \[([^\]]*)\]\]/.exec(descendant)?.[1] ?? '').split(' ').map(Number);
    const isSame =
      stated.length === widths.length && stated.every((width, index) => Math.abs(width - (widths[index] ?? 0)) < 1);
    check(isSame, '6.3.6 widths');
    const set = content(at(/\/CIDSet (\d+) 0 R/.exec(descriptor)?.[1]));
    const bits = Array.from({ length: set.length * 8 }, (_, cid) => ((set[cid >> 3] ?? 0) & (0x80 >> (cid & 7))) !== 0);
    check(bits.filter(Boolean).length === widths.length && bits.slice(0, widths.length).every(Boolean), '6.3.5 CIDSet');
    check(/\/FontName \/[A-Z]{6}\+/.test(descriptor), '6.3.5 name of a subset');
  }
  return wrong;
}

/** Advance widths of a TrueType program, in thousandths. */
function glyphWidths(program: Buffer): number[] {
  const tables = new Map(
    Array.from({ length: program.readUInt16BE(4) }, (_, index) => {
      const row = 12 + index * 16;
      return [program.toString('latin1', row, row + 4), program.readUInt32BE(row + 8)] as const;
    }),
  );
  const table = (name: string) => tables.get(name) ?? Number.NaN;
  const scale = 1000 / program.readUInt16BE(table('head') + 18);
  const glyphs = program.readUInt16BE(table('maxp') + 4);
  const metrics = program.readUInt16BE(table('hhea') + 34);
  return Array.from(
    { length: glyphs },
    (_, index) => program.readUInt16BE(table('hmtx') + Math.min(index, metrics - 1) * 4) * scale,
  );
}
