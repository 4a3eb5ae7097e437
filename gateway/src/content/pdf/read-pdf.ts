/**
 * Reads a PDF (ISO 32000-1) for what a pharmacist looks at first: its first page as a picture, how many pages it has, and
 * the words of its first pages as the file states them, for reading and searching.
 *
 * PDFium as WebAssembly, in the studio's own process. It is built without a script engine and without XFA, and no action
 * is ever triggered: JavaScript in a PDF stays bytes. Every PDF has an instance of its own, so that nothing of one
 * patient's paper is in reach of the next file. Size on paper is scaled to a bounded picture; time and memory are the
 * process's limits (STUDIO_LIMITS).
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { PDF_LIMITS } from '@estafette/contracts/limits';
import type { PDFiumDocument, PDFiumLibrary, PDFiumPage } from '@hyzyla/pdfium';
import type { DevelopedPdf, ReadPicture, StudioRefusal } from '../../ports.ts';
import { jpegOf } from '../pictures/decode-picture.ts';
import { cleanText } from '../text/clean-text.ts';

/** Rejects for nothing in the bytes. */
export async function readPdf(bytes: Buffer): Promise<{ pdf: DevelopedPdf } | StudioRefusal> {
  const library = await openLibrary();
  const opened = await open(library, bytes);
  if ('refused' in opened) return opened;
  try {
    const pages = opened.getPageCount();
    if (pages < 1) return { refused: 'damaged' };
    const picture = await pictureOf(opened).catch(() => null);
    const text = textOf(opened, pages);
    return picture === null && text === '' ? { refused: 'damaged' } : { pdf: { pages, text, picture } };
  } catch {
    // The file broke PDFium (memory, a trap); the instance is thrown away in any case.
    return { refused: 'damaged' };
  }
}

async function open(library: PDFiumLibrary, bytes: Buffer): Promise<PDFiumDocument | StudioRefusal> {
  try {
    return await library.loadDocument(bytes);
  } catch (error) {
    // FPDF_ERR_PASSWORD and FPDF_ERR_SECURITY (fpdfview.h), which the library tells by sentences only.
    const isLocked = error instanceof Error && /^(?:Password required|Unsupported security)/.test(error.message);
    return { refused: isLocked ? 'locked' : 'damaged' };
  }
}

let compiled: Promise<WebAssembly.Module> | null = null;

/** A fresh instance of PDFium; compiled once. */
async function openLibrary(): Promise<PDFiumLibrary> {
  const { PDFiumLibrary } = await import('@hyzyla/pdfium');
  const file = createRequire(import.meta.url).resolve('@hyzyla/pdfium/pdfium.wasm');
  compiled ??= WebAssembly.compile(readFileSync(file));
  const program = await compiled;
  return PDFiumLibrary.init({
    instantiateWasm(imports, ready) {
      const instance = new WebAssembly.Instance(program, imports);
      // The types of the package have it the wrong way round: Emscripten is handed the instance.
      (ready as (instance: unknown) => void)(instance);
      return instance.exports;
    },
  });
}

function textOf(document: PDFiumDocument, pages: number): string {
  let text = '';
  for (let page = 0; page < Math.min(pages, PDF_LIMITS.textPagesMax); page += 1) {
    if (text.length >= PDF_LIMITS.textMaxCharacters) break;
    text += `${pageText(document, page)}\n\n`;
  }
  return cleanText(text).trim().slice(0, PDF_LIMITS.textMaxCharacters).toWellFormed();
}

/** A page that cannot be read has no words; PDFium marks a hyphen at the end of a line by U+FFFE. */
function pageText(document: PDFiumDocument, page: number): string {
  try {
    return document.getPage(page).getText().replaceAll('\ufffe', '-').replaceAll('\r\n', '\n');
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) throw error;
    return '';
  }
}

async function pictureOf(document: PDFiumDocument): Promise<ReadPicture | null> {
  const page = document.getPage(0);
  const size = sizeOf(page);
  if (size === null) return null;
  // What was filled into a form is drawn too: a page without it would lie.
  const { data, width, height } = await page.render({ ...size, scale: 1, render: 'bitmap', renderFormFields: true });
  const pixels = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return jpegOf({ pixels, width, height, channels: 4 }, PDF_LIMITS.pageMaxHeight, PDF_LIMITS.pageQuality);
}

/** The page as wide as is wanted, whatever its size on paper (a MediaBox may state 14,400 or a million points). */
function sizeOf(page: PDFiumPage): { width: number; height: number } | null {
  const { originalWidth, originalHeight } = page.getOriginalSize();
  if (!(originalWidth > 0 && originalHeight > 0)) return null;
  const scale = Math.min(PDF_LIMITS.pageMaxWidth / originalWidth, PDF_LIMITS.pageMaxHeight / originalHeight);
  if (!Number.isFinite(scale)) return null;
  const scaled = (side: number): number => Math.max(1, Math.round(side * scale));
  return { width: scaled(originalWidth), height: scaled(originalHeight) };
}
