/** Looks for words in bytes, in every form in which software writes words down. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const UNLIKELY_BY_CHANCE_CHARACTERS = 6;

function quotedPrintable(bytes: Buffer): string {
  return Array.from(bytes, (byte) =>
    byte > 0x7e || byte < 0x20 || byte === 0x3d
      ? `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
      : String.fromCharCode(byte),
  ).join('');
}

/** The characters of the base64 text that depend on these bytes alone, at each of the three places in a group. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const from = Math.ceil((offset * 8) / 6);
    const to = Math.floor(((offset + bytes.length) * 8) / 6);
    const standard = text.slice(from, to);
    return [standard, standard.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/** Every way of writing the word that is searched for: character sets, hexadecimal, base64, quoted-printable. */
export function formsOf(word: string): Buffer[] {
  const [first = '', ...rest] = word.toLowerCase();
  const spellings = [...new Set([word, word.toLowerCase(), word.toUpperCase(), first.toUpperCase() + rest.join('')])];
  const encodings = spellings.flatMap((text) => {
    const little = Buffer.from(text, 'utf16le');
    return [Buffer.from(text), Buffer.from(text, 'latin1'), little, Buffer.from(little).swap16()];
  });
  const written = encodings.flatMap((bytes) =>
    [...base64Forms(bytes), quotedPrintable(bytes), bytes.toString('hex')].map((text) => Buffer.from(text)),
  );
  const forms = new Map([...encodings, ...written].map((form) => [form.toString('latin1'), form]));
  return [...forms.values()].filter((form) => form.length >= UNLIKELY_BY_CHANCE_CHARACTERS);
}

/** The words that stand in the bytes in any form. */
export function wordsFoundIn(bytes: Buffer, words: readonly string[]): string[] {
  return words.filter((word) => formsOf(word).some((form) => bytes.includes(form)));
}

/** The bytes of a file, or null where its owner took it away after it was listed: what is gone is not at rest. */
function bytesStillIn(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  }
}

/** Every file below a folder with its bytes, except those below `except`. */
export function filesBelow(folder: string, except: readonly string[] = []): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const file = join(entry.parentPath, entry.name);
    if (!entry.isFile() || except.some((path) => file.startsWith(path))) continue;
    const bytes = bytesStillIn(file);
    if (bytes !== null) found.set(file, bytes);
  }
  return found;
}
