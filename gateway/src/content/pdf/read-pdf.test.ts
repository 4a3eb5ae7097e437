/** First page, pages and words of a PDF; pdftotext reads the same words. Hostile ones end within their bounds. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { PDF_LIMITS } from '@estafette/contracts/limits';
import fc from 'fast-check';
import sharp from 'sharp';
import type { DevelopedPdf, ReadPicture } from '../../ports.ts';
import { deepTree, labReport, manyPages, onePage, printed, rawPdf, restless } from './pdf.fixture.ts';
import { readPdf } from './read-pdf.ts';

async function read(bytes: Buffer): Promise<DevelopedPdf> {
  const found = await readPdf(bytes);
  assert.ok('pdf' in found, JSON.stringify(found));
  return found.pdf;
}

const wordsOf = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** Share of the points in a part of the page (in parts of its sides) that are not white. */
async function inkIn(
  { bytes, width, height }: ReadPicture,
  from: [number, number],
  to: [number, number],
): Promise<number> {
  const [left, top] = [Math.floor(from[0] * width), Math.floor(from[1] * height)];
  const area = { left, top, width: Math.floor(to[0] * width) - left, height: Math.floor(to[1] * height) - top };
  const points = await sharp(bytes).extract(area).toColourspace('b-w').raw().toBuffer();
  return points.filter((point) => point < 200).length / points.length;
}

test('a report of a laboratory shows its first page, counts its pages and says the words it holds', async () => {
  const report = await labReport();
  const { pages, text, picture } = await read(report);
  assert.equal(pages, 3);
  assert.ok(text.startsWith('Laboratoire BIO-NORD\nINR : 6,8 (2,0 à 3,0)\nPotassium : 5,1 mmol/L'));
  const judged = execFileSync('pdftotext', ['-enc', 'UTF-8', '-', '-'], { input: report, encoding: 'utf8' });
  assert.deepEqual(wordsOf(text), wordsOf(judged));
  assert.ok(picture && picture.mediaType === 'image/jpeg' && picture.width === PDF_LIMITS.pageMaxWidth);
  assert.equal(picture.height, Math.round((PDF_LIMITS.pageMaxWidth * 841.89) / 595.28));
  // The red field stands where it was drawn, from 72 to 272 points and 400 to 500.
  const field = await inkIn(picture, [75 / 595, 403 / 842], [269 / 595, 497 / 842]);
  const margin = await inkIn(picture, [0, 0.7], [1, 1]);
  assert.deepEqual([field, margin], [1, 0]);
  const { format, exif, icc, xmp } = await sharp(picture.bytes).metadata();
  assert.deepEqual([format, exif, icc, xmp], ['jpeg', undefined, undefined, undefined]);
});

test('what was filled into a form is on the picture', async () => {
  const form = await printed((paper) => {
    paper.initForm();
    paper.formText('dose', 100, 200, 300, 60, { value: '42 mg' });
  });
  const { picture } = await read(form);
  assert.ok(picture && (await inkIn(picture, [100 / 595, 200 / 842], [400 / 595, 260 / 842])) > 0.01);
});

test('a PDF that asks for a password says so; one that only forbids copying is read', async () => {
  const secret = (paper: PDFKit.PDFDocument): void => void paper.text('confidentiel');
  assert.deepEqual(await readPdf(await printed(secret, { userPassword: 'a', ownerPassword: 'b' })), {
    refused: 'locked',
  });
  assert.equal((await read(await printed(secret, { ownerPassword: 'b' }))).text, 'confidentiel');
});

test('no more than the first pages and the named number of characters are taken', async () => {
  const long = await printed((paper) => {
    for (let page = 1; page <= 12; page += 1) {
      if (page > 1) paper.addPage();
      paper.text(`page-${page} ${'mot '.repeat(page > 6 ? 600 : 2)}`);
    }
  });
  const { text, pages } = await read(long);
  assert.equal(pages, 12);
  assert.ok(text.length <= PDF_LIMITS.textMaxCharacters && text.includes('page-9') && !text.includes('page-12'));
  const { pages: many, picture } = await read(manyPages(10_000));
  assert.ok(many === 10_000 && picture);
});

test('a page of any size on paper gives a picture of bounded size', async () => {
  const boxes = ['0 0 99999999 1', '0 0 1 99999999', '-5000 -5000 14400 14400', '0 0 0.001 0.001', '0 0 1e30 1e30'];
  for (const box of boxes) {
    const found = await readPdf(onePage({ page: `/MediaBox[${box}]` }));
    const picture = 'pdf' in found ? found.pdf.picture : null;
    assert.ok(
      picture === null || (picture.width <= PDF_LIMITS.pageMaxWidth && picture.height <= PDF_LIMITS.pageMaxHeight),
    );
  }
});

test('scripts in a PDF do not run', async () => {
  assert.equal((await read(restless())).pages, 1);
});

test('page trees that are deep, circular or lie end in what can be shown, or in a refusal', async () => {
  const circle = rawPdf(['<</Type/Catalog/Pages 2 0 R>>', '<</Type/Pages/Count 5/Kids[2 0 R 2 0 R]>>']);
  assert.deepEqual(await readPdf(circle), { refused: 'damaged' });
  assert.deepEqual(await readPdf(deepTree(20_000)), { refused: 'damaged' });
  const lying = onePage({}).toString('latin1').replace('/Count 1', '/Count 9');
  assert.ok((await read(Buffer.from(lying, 'latin1'))).pages < 10);
});

test('what is no PDF, or is cut off, is refused or shows what is left', async () => {
  const report = await labReport();
  for (const bytes of [Buffer.alloc(0), Buffer.from('%PDF-1.4'), Buffer.alloc(100_000, '<<')])
    assert.deepEqual(await readPdf(bytes), { refused: 'damaged' });
  const cut = await readPdf(report.subarray(0, report.length - 300));
  assert.ok('pdf' in cut ? cut.pdf.text.includes('INR : 6,8') : cut.refused === 'damaged');
});

test('any change to a PDF gives what it shows, or a refusal, never an error', async () => {
  const plain = await printed((paper) => void paper.text('INR 6,8'), { compress: false });
  const change = fc.tuple(fc.nat(plain.length - 1), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
      const bytes = Buffer.from(plain);
      for (const [at, value] of changes) bytes[at] = value;
      const found = await readPdf(bytes);
      assert.ok('pdf' in found || ['damaged', 'locked'].includes(found.refused));
    }),
    { seed: 20260112, numRuns: 60 },
  );
});
