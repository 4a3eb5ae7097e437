/**
 * What the gateway asks of the studio, the process of its own in which pictures and PDFs are decoded: foreign bytes meet
 * native code there and nowhere else. Part of ports.ts.
 */
import type { ReadPicture } from './opened-letter.ts';

export type PictureFormat = 'jpeg' | 'png' | 'tiff' | 'heic';

export type StudioTask =
  | { readonly kind: 'picture'; readonly format: PictureFormat; readonly bytes: Uint8Array }
  | { readonly kind: 'pdf'; readonly bytes: Uint8Array };

/** What is shown of a picture; a view is absent where the picture itself is small enough. */
export interface DevelopedPicture {
  /** Of a format that phones do not show, the picture as JPEG; null when it can be shown as it is. */
  readonly converted: ReadPicture | null;
  readonly thumbnail: ReadPicture | null;
  readonly screen: ReadPicture | null;
  /** How many pictures the file holds; the first is shown. */
  readonly pages: number;
}

export interface DevelopedPdf {
  /** The first page; null when it cannot be drawn. */
  readonly picture: ReadPicture | null;
  readonly pages: number;
  /** The document's own words, from its first pages. */
  readonly text: string;
}

/**
 * Why nothing was made: the file is damaged, needs a password, or is more than the limits allow (pixels, memory, time:
 * `costly` when it cost the process). `absent`: it could not be tried, which says nothing of the file.
 */
export type StudioRefusal = { readonly refused: 'damaged' | 'locked' | 'too-large' | 'costly' | 'absent' };

export type Developed =
  | { readonly kind: 'picture'; readonly picture: DevelopedPicture }
  | { readonly kind: 'pdf'; readonly pdf: DevelopedPdf }
  | StudioRefusal;

export interface Studio {
  /** Never rejects for anything in the bytes; what a closing studio did not do rejects. */
  develop(task: StudioTask): Promise<Developed>;
}
