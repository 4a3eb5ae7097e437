/**
 * Seals what a photo or file brings (its bytes, its views, the first page of a PDF) into blobs of their own, and gives the
 * document that names them. A blob is named after its place in the letter and what it holds: a second run of the same
 * letter writes the same blobs, and one that could show more than the first writes others, never over them.
 */
import { createHash } from 'node:crypto';
import type { Document, PictureView } from '@estafette/contracts/document';
import type { ReadDocument, ReadPicture } from '../ports.ts';

/** Seals these bytes into the blob of this name, and gives its id. */
export type KeepBlob = (name: string, bytes: Uint8Array) => Promise<string>;

type WithBytes = Extract<ReadDocument, { kind: 'photo' | 'file' }>;

/** The document of a photo or file; `name` is that of its place in the letter. */
export async function keepDocument(document: WithBytes, name: string, keep: KeepBlob): Promise<Document> {
  const kept = async (bytes: Uint8Array, blobName: string) => {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { blobId: await keep(`${blobName} ${sha256}`, bytes), bytes: bytes.length, sha256 };
  };
  const view = async (picture: ReadPicture, what: string): Promise<PictureView> => ({
    ...picture,
    ...(await kept(picture.bytes, `${name} ${what}`)),
  });
  if (document.kind === 'file') {
    const { preview, ...file } = document;
    const own = { ...file, ...(await kept(file.bytes, name)) };
    if (preview === undefined) return own;
    const picture = preview.picture === null ? null : await view(preview.picture, 'page');
    return { ...own, preview: { ...preview, picture } };
  }
  const { thumbnail, screen, ...photo } = document;
  return {
    ...photo,
    ...(await kept(photo.bytes, name)),
    ...(thumbnail ? { thumbnail: await view(thumbnail, 'thumbnail') } : {}),
    ...(screen ? { screen: await view(screen, 'screen') } : {}),
  };
}

/** The same documents with half of the longest of their PDFs' words; null when there are none left. */
export function withLessPreview(documents: readonly Document[]): Document[] | null {
  const lengths = documents.map((document) => (document.kind === 'file' ? (document.preview?.text.length ?? 0) : 0));
  const longest = Math.max(0, ...lengths);
  if (longest === 0) return null;
  return documents.map((document, at) => {
    if (at !== lengths.indexOf(longest) || document.kind !== 'file' || document.preview === undefined) return document;
    return { ...document, preview: { ...document.preview, text: document.preview.text.slice(0, longest >> 1) } };
  });
}
