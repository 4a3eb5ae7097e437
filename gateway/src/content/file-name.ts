/**
 * Cleans the names of attached files: a name is for reading, and later for saving on somebody's computer.
 *
 * Path parts, control characters and marks that turn the writing direction go (`compte\u202Egpj.exe` shows what it is),
 * names that Windows reserves are defused, the length is bounded and the extension kept (smime.md 5, items 36 and 37).
 * A name never decides what a file is; only, on the careful side, that it is a program.
 */

import { CONTENT_LIMITS } from '@estafette/contracts/limits';

const RESERVED = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;
const EXTENSION = /\.[A-Za-z0-9_-]{1,15}$/;
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\u2028\u2029]/gu;

const EXECUTABLE_EXTENSIONS = new Set(
  (
    'apk app appx bat cab chm cmd com cpl deb dll dmg exe gadget hta img inf ins iso jar js jse lnk mde msc msi msix msp ' +
    'mst pif pkg ps1 ps1xml ps2 psc1 psd1 psm1 reg rpm run scf scr sct settingcontent-ms sh shb shs sys url vb vbe vbs ' +
    'vhd vhdx vxd wsc wsf wsh xll xbap bash command desktop jnlp py pyc msu'
  ).split(' '),
);

const DEFAULT_NAMES: Readonly<Record<string, string>> = {
  'image/jpeg': 'photo.jpg',
  'image/png': 'photo.png',
  'image/gif': 'image.gif',
  'image/tiff': 'image.tif',
  'image/heic': 'photo.heic',
  'image/webp': 'image.webp',
  'application/pdf': 'document.pdf',
  'application/zip': 'archive.zip',
  'application/ms-tnef': 'winmail.dat',
  'text/plain': 'texte.txt',
  'text/html': 'page.html',
  'text/calendar': 'rendez-vous.ics',
  'message/rfc822': 'courrier.eml',
  'application/pkcs7-signature': 'signature.p7s',
  'application/x-pkcs7-signature': 'signature.p7s',
};

/** A name to show and to save under; from the media type when the letter gave none that can be used. */
export function cleanFileName(name: string | undefined, mediaType: string): string {
  const last = (name ?? '').toWellFormed().slice(0, 4_096).split(/[/\\]/).at(-1) ?? '';
  const plain = last
    .normalize('NFC')
    .replace(INVISIBLE, '')
    .replace(/[<>:"|?*]/g, '_')
    .replace(/\s+/g, ' ')
    .replace(/^[. ]+/, '');
  const trimmed = trimDotsAndSpaces(plain);
  if (trimmed === '') return DEFAULT_NAMES[mediaType] ?? 'piece-jointe';
  return shorten(RESERVED.test(trimmed) ? `_${trimmed}` : trimmed);
}

/** Lower case, without the dot; empty when there is none. */
export function extensionOf(name: string): string {
  return (EXTENSION.exec(name)?.[0] ?? '').slice(1).toLowerCase();
}

export function isExecutableName(name: string): boolean {
  return EXECUTABLE_EXTENSIONS.has(extensionOf(name));
}

/** Windows drops dots and spaces at the end: `virus.exe. ` is `virus.exe`. */
function trimDotsAndSpaces(name: string): string {
  let end = name.length;
  while (end > 0 && (name.charAt(end - 1) === '.' || name.charAt(end - 1) === ' ')) end -= 1;
  return name.slice(0, end);
}

function shorten(name: string): string {
  const characters = [...name];
  const max = CONTENT_LIMITS.fileNameMaxCharacters;
  if (characters.length <= max) return name;
  const extension = EXTENSION.exec(name)?.[0] ?? '';
  return `${characters.slice(0, max - extension.length - 1).join('')}…${extension}`;
}
