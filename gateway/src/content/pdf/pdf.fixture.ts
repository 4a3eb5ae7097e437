/** For tests: PDFs as laboratories print them (pdfkit), and hostile ones, object by object. */
import { deflateSync } from 'node:zlib';
import PDFDocument from 'pdfkit';

type Options = ConstructorParameters<typeof PDFDocument>[0];

/** A PDF that `draw` draws on. */
export function printed(
  draw: (paper: InstanceType<typeof PDFDocument>) => void,
  options: Options = {},
): Promise<Buffer> {
  const paper = new PDFDocument({ size: 'A4', ...options });
  const pieces: Buffer[] = [];
  paper.on('data', (piece: Buffer) => pieces.push(piece));
  const done = new Promise<Buffer>((resolve) => paper.on('end', () => resolve(Buffer.concat(pieces))));
  draw(paper);
  paper.end();
  return done;
}

export const labReport = (pages = 3): Promise<Buffer> =>
  printed((paper) => {
    paper.fontSize(18).text('Laboratoire BIO-NORD');
    paper.fontSize(11).text('INR : 6,8 (2,0 à 3,0)\nPotassium : 5,1 mmol/L').rect(72, 400, 200, 100).fill('#c81e1e');
    for (let page = 2; page <= pages; page += 1) paper.addPage().fontSize(11).text(`page ${page}`);
  });

type PdfObject = string | Buffer;

/** A PDF of these objects, numbered from 1; the first is the catalogue. */
export function rawPdf(objects: readonly PdfObject[]): Buffer {
  const pieces = [Buffer.from('%PDF-1.7\n')];
  let length = 9;
  const places = objects.map((object, at) => {
    const place = length;
    const piece = Buffer.concat([Buffer.from(`${at + 1} 0 obj\n`), Buffer.from(object), Buffer.from('\nendobj\n')]);
    pieces.push(piece);
    length += piece.length;
    return `${String(place).padStart(10, '0')} 00000 n \n`;
  });
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${places.join('')}`;
  const trailer = `trailer <</Size ${objects.length + 1} /Root 1 0 R>>\nstartxref\n${length}\n%%EOF`;
  return Buffer.concat([...pieces, Buffer.from(table + trailer)]);
}

export const stream = (bytes: Buffer, entries = ''): Buffer =>
  Buffer.concat([Buffer.from(`<</Length ${bytes.length} ${entries}>>stream\n`), bytes, Buffer.from('\nendstream')]);

const packed = (bytes: Buffer, entries = ''): Buffer => stream(deflateSync(bytes), `/Filter/FlateDecode ${entries}`);

/** One page; `page` adds entries to it, `catalogue` to the document, `more` are its objects from 4 on. */
export function onePage({
  page = '/MediaBox[0 0 200 200]',
  catalogue = '',
  more = [] as readonly PdfObject[],
}): Buffer {
  return rawPdf([
    `<</Type/Catalog/Pages 2 0 R ${catalogue}>>`,
    '<</Type/Pages/Count 1/Kids[3 0 R]>>',
    `<</Type/Page/Parent 2 0 R ${page}>>`,
    ...more,
  ]);
}

const DRAWN = '/MediaBox[0 0 200 200]/Contents 4 0 R';

export const manyPages = (count: number): Buffer =>
  rawPdf([
    '<</Type/Catalog/Pages 2 0 R>>',
    `<</Type/Pages/Count ${count}/Kids[${Array.from({ length: count }, (_, at) => `${at + 3} 0 R`).join(' ')}]>>`,
    ...Array.from({ length: count }, () => '<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>'),
  ]);

/** A page tree as deep as it has pages is wide. */
export const deepTree = (depth: number): Buffer =>
  rawPdf([
    '<</Type/Catalog/Pages 2 0 R>>',
    ...Array.from({ length: depth }, (_, at) => `<</Type/Pages/Count 1/Kids[${at + 3} 0 R]>>`),
    '<</Type/Page/MediaBox[0 0 200 200]>>',
  ]);

/** Forms that draw one another: 10¹² rectangles in all. */
export const formsInForms = (): Buffer => {
  const resources = (next: number): string => `/Resources<</XObject<</F ${next} 0 R>>>>`;
  const form = (at: number): Buffer =>
    stream(
      Buffer.from(at === 12 ? '0 0 100 100 re f' : '/F Do '.repeat(10)),
      `/Type/XObject/Subtype/Form/BBox[0 0 200 200]${resources(6 + at)}`,
    );
  const forms = Array.from({ length: 13 }, (_, at) => form(at));
  return onePage({ page: `${DRAWN}${resources(5)}`, more: [stream(Buffer.from('/F Do')), ...forms] });
};

/** A few kilobytes that become 700 MB of drawing instructions. */
export const drawingBomb = (): Buffer =>
  onePage({
    page: DRAWN,
    more: [
      stream(deflateSync(deflateSync(Buffer.alloc(700_000_000), { level: 1 })), '/Filter[/FlateDecode/FlateDecode]'),
    ],
  });

/** As many words on one page as keep any reader busy for minutes. */
export const textFlood = (lines = 200_000): Buffer =>
  onePage({
    page: `${DRAWN}/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>`,
    more: [packed(Buffer.from('BT /F 8 Tf 1 100 Td (aaaaaaaaaaaaaaaaaaaa) Tj ET\n'.repeat(lines)))],
  });

/** JavaScript that runs for ever wherever a PDF can ask for it: on opening, by name, on showing the page. */
export const restless = (): Buffer => {
  const script = '<</S/JavaScript/JS(while\\(true\\){})>>';
  return onePage({
    page: `/MediaBox[0 0 200 200]/AA<</O ${script}>>`,
    catalogue: `/OpenAction ${script}/Names<</JavaScript<</Names[(a) ${script}]>>>>`,
  });
};
