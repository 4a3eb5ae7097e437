/**
 * The PDF/A-1b (ISO 19005-1) of an exchange, as it stays in the record: fonts embedded, sRGB output intent, metadata in
 * XMP and Info alike, no encryption, no transparency, no script, nothing outside. PDF/A-1 because MSSanté asks for it
 * (Ref#2 ECO.2.1.1) and because a CDA of level 1 holds nothing else (IHE XDS-SD).
 *
 * The same exchange makes the same bytes: times come from the exchange, identifiers from what is written. Every page
 * says whose record it belongs to, which exchange it is of, and how many pages there are.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FILING_LIMITS } from '@estafette/contracts/limits';
import PDFDocument from 'pdfkit';
import { TYPE_NAMES } from './document-types.ts';
import type { EmbeddedFont } from './embedded-font.ts';
import { currentFont } from './embedded-font.ts';
import type { Exchange } from './exchange.ts';
import { exchangeBlocks } from './exchange-blocks.ts';
import { patientName } from './filed-patient.ts';
import type { FontName, Line } from './page-lines.ts';
import { INK, LABEL_STYLE, layOut, MUTED, PAGE, RULE, SIDE_COLOURS } from './page-lines.ts';
import { parisTime } from './paris-time.ts';
import { printableLines } from './printable.ts';

const FONT_FILES: { readonly [F in FontName]: string } = {
  sans: import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'),
  bold: import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf'),
  mono: import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSansMono.ttf'),
};
const FURNITURE_SIZE = 7.5;

/** Written from right to left: kept together, so that neither its letters nor the numbers beside it change places. */
const RIGHT_TO_LEFT = /([\p{Script=Hebrew}\p{Script=Arabic}\p{M}]+(?: +[\p{Script=Hebrew}\p{Script=Arabic}\p{M}]+)*)/u;
const HAS_RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}]/u;

type Fonts = { readonly [F in FontName]: EmbeddedFont };

/** Throws `RangeError` when the exchange fills more pages than `FILING_LIMITS.pagesMax`. */
export async function makeExchangePdf(exchange: Exchange): Promise<Buffer> {
  const pdf = openDocument(exchange);
  const chunks: Buffer[] = [];
  pdf.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise((resolve, reject) => pdf.once('end', resolve).once('error', reject));
  const fonts = embedFonts(pdf);
  const monoHas = (text: string) => [...new Set(text.replace(/\s/g, ''))].every((one) => has(fonts.mono, one));
  const pages = await layOut(exchangeBlocks(exchange, monoHas), fonts, FILING_LIMITS.pagesMax);
  for (const [index, lines] of pages.entries()) {
    pdf.addPage();
    drawFurniture(pdf, fonts.sans, exchange, { page: index + 1, of: pages.length });
    drawLines(pdf, lines);
    await breathe();
  }
  for (const font of Object.values(fonts)) font.complete();
  pdf.end();
  await ended;
  return Buffer.concat(chunks);
}

const has = (font: EmbeddedFont, character: string): boolean => font.hasGlyph(character.codePointAt(0) ?? 0);

function openDocument({ documentType, filingId, filedAt }: Exchange): PDFKit.PDFDocument {
  const at = new Date(filedAt);
  if (Number.isNaN(at.getTime())) throw new RangeError('a time of filing that is no time');
  at.setUTCMilliseconds(0);
  return new PDFDocument({
    subset: 'PDF/A-1b',
    pdfVersion: '1.4',
    lang: 'fr-FR',
    displayTitle: true,
    autoFirstPage: false,
    size: [PAGE.width, PAGE.height],
    margin: 0,
    // Words that need no escaping stand here alone: pdfkit copies them into the XML of XMP as they are.
    info: {
      Title: `${TYPE_NAMES[documentType]} ${filingId.replace(/[^\w.-]/g, '')}`,
      Creator: 'Estafette',
      Producer: 'Estafette (PDFKit)',
      CreationDate: at,
    },
  });
}

function embedFonts(pdf: PDFKit.PDFDocument): Fonts {
  const embed = (name: FontName): EmbeddedFont =>
    currentFont(pdf.registerFont(name, fileURLToPath(FONT_FILES[name])).font(name));
  return { sans: embed('sans'), bold: embed('bold'), mono: embed('mono') };
}

function drawLines(pdf: PDFKit.PDFDocument, lines: readonly Line[]): void {
  let previous: Line | null = null;
  for (const line of lines) {
    if (line.side !== null) {
      const goesOn = previous !== null && previous.side === line.side && !line.opens;
      const from = goesOn && previous !== null ? previous.y + previous.height : line.y;
      pdf.rect(PAGE.left, from, 2.2, line.y + line.height - from).fill(SIDE_COLOURS[line.side]);
    }
    if (line.rule) drawRule(pdf, line.y - 4);
    if (line.label !== '') drawText(pdf, line.label, { ...LABEL_STYLE, x: PAGE.left, y: line.y + 1 });
    drawText(pdf, line.text, { ...line.style, x: line.x, y: line.y });
    previous = line;
  }
}

interface Place {
  readonly font: FontName;
  readonly size: number;
  readonly colour: string;
  readonly x: number;
  readonly y: number;
}

function drawText(pdf: PDFKit.PDFDocument, text: string, { font, size, colour, x, y }: Place): void {
  if (text.trim() === '') return;
  pdf.font(font).fontSize(size).fillColor(colour);
  if (!HAS_RIGHT_TO_LEFT.test(text)) {
    pdf.text(text, x, y, { lineBreak: false });
    return;
  }
  let left = x;
  for (const piece of text.split(RIGHT_TO_LEFT).filter((one) => one !== '')) {
    // An empty list of features: pdfkit shapes the piece whole, not word by word.
    pdf.text(piece, left, y, { lineBreak: false, features: [] });
    left += pdf.widthOfString(piece, { features: [] });
  }
}

function drawRule(pdf: PDFKit.PDFDocument, y: number): void {
  pdf
    .moveTo(PAGE.left, y)
    .lineTo(PAGE.width - PAGE.right, y)
    .lineWidth(0.6)
    .strokeColor(RULE)
    .stroke();
}

/** What stands on every page, above and below. */
function drawFurniture(
  pdf: PDFKit.PDFDocument,
  font: EmbeddedFont,
  exchange: Exchange,
  { page, of }: { readonly page: number; readonly of: number },
): void {
  const line = (text: string, share: number): string => {
    const { value: printed } = printableLines(text.replace(/\s+/g, ' '), (codePoint) =>
      font.hasGlyph(codePoint),
    ).next();
    return fitted(printed ?? '', font, (PAGE.width - PAGE.left - PAGE.right) * share);
  };
  const place = (x: number, y: number, colour: string): Place => ({ font: 'sans', size: FURNITURE_SIZE, colour, x, y });
  const right = (text: string) => PAGE.width - PAGE.right - font.widthOf(text) * FURNITURE_SIZE;
  const filed = `versé le ${parisTime(exchange.filedAt)?.day ?? ''}`;
  const number = `page ${page} sur ${of}`;
  const patient = line(patientName(exchange.patient), 0.7);
  drawText(pdf, patient, place(PAGE.left, 36, INK));
  drawText(pdf, filed, place(right(filed), 36, MUTED));
  drawRule(pdf, PAGE.height - 48);
  drawText(pdf, line(`Échange ${exchange.conversationId}`, 0.8), place(PAGE.left, PAGE.height - 40, MUTED));
  drawText(pdf, number, place(right(number), PAGE.height - 40, MUTED));
}

/** The whole of it stands in the document; above and below only what there is room for. */
function fitted(text: string, font: EmbeddedFont, width: number): string {
  if (font.widthOf(text) * FURNITURE_SIZE <= width) return text;
  let kept = '';
  for (const character of text) {
    if (font.widthOf(`${kept}${character}…`) * FURNITURE_SIZE > width) break;
    kept += character;
  }
  return `${kept}…`;
}
