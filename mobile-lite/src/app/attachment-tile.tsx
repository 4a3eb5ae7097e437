/**
 * Photos and files of a letter or a reply, fetched and opened only when asked for. A photo is shown in the page and nowhere
 * else; a file is offered for download as plain bytes, so that no document ever runs inside the app.
 */
import type { ReplyMessage } from '@estafette/contracts/message';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import {
  type AttachedBlob,
  type AttachedDocument,
  AttachmentError,
  type AttachmentTrouble,
} from '../device/attachment.ts';
import type { DeviceSession } from '../device/device-session.ts';
import { moreWords, words } from '../words/words.ts';
import { formatSize } from './format.ts';
import { Icon } from './icons.tsx';

type ReplyAttachment = NonNullable<ReplyMessage['attachments']>[number];
/** A reply says neither the size of a photo nor a note on a file. */
type Photo = Extract<AttachedDocument, { kind: 'photo' }> | ReplyAttachment;
type AnyFile = Extract<AttachedDocument, { kind: 'file' }> | ReplyAttachment;

interface TileProps<T extends AttachedBlob = AttachedBlob> {
  session: DeviceSession;
  conversationId: string;
  document: T;
}

type Opening =
  | { at: 'closed' }
  | { at: 'opening' }
  | { at: 'open'; url: string }
  | { at: 'failed'; trouble: AttachmentTrouble };

/** Opens the document into an object URL that dies with the component. */
function useOpening(props: TileProps, mediaType: string): [Opening, () => Promise<string | null>] {
  const [opening, setOpening] = useState<Opening>({ at: 'closed' });
  const url = useRef<string | null>(null);
  useEffect(() => () => (url.current === null ? undefined : URL.revokeObjectURL(url.current)), []);
  const open = async (): Promise<string | null> => {
    if (url.current !== null) return url.current;
    setOpening({ at: 'opening' });
    try {
      const bytes = await props.session.openAttachment(props.conversationId, props.document);
      url.current = URL.createObjectURL(new Blob([bytes], { type: mediaType }));
      setOpening({ at: 'open', url: url.current });
      return url.current;
    } catch (error) {
      setOpening({ at: 'failed', trouble: error instanceof AttachmentError ? error.trouble : 'offline' });
      return null;
    }
  };
  return [opening, open];
}

export function PhotoTile(props: TileProps<Photo>): JSX.Element {
  const { document } = props;
  const [opening, open] = useOpening(props, document.mediaType === 'image/png' ? 'image/png' : 'image/jpeg');
  const dialog = useRef<HTMLDialogElement>(null);
  const alt = moreWords.photoOf(document.name);
  return (
    <div class="tile">
      {opening.at === 'open' ? (
        <button
          class="thumb"
          type="button"
          aria-label={moreWords.photoEnlarge}
          onClick={() => dialog.current?.showModal()}
        >
          <img src={opening.url} alt={alt} {...sizeOf(document)} />
        </button>
      ) : (
        <button class="quiet" type="button" disabled={opening.at === 'opening'} onClick={() => void open()}>
          <Icon name="photo" />
          {opening.at === 'opening' ? moreWords.fileOpening : moreWords.photoShow(formatSize(document.bytes))}
        </button>
      )}
      <Trouble opening={opening} />
      {opening.at === 'open' && (
        <dialog class="viewer" ref={dialog} aria-label={alt}>
          <button type="button" class="primary" onClick={() => dialog.current?.close()}>
            {words.close}
          </button>
          <img src={opening.url} alt={alt} />
        </dialog>
      )}
    </div>
  );
}

export function FileTile(props: TileProps<AnyFile>): JSX.Element {
  const { document } = props;
  const [opening, open] = useOpening(props, 'application/octet-stream');
  const download = async (): Promise<void> => {
    const href = await open();
    if (href === null) return;
    const link = window.document.createElement('a');
    link.href = href;
    link.download = document.name;
    link.click();
  };
  return (
    <div class="tile">
      <button class="quiet" type="button" disabled={opening.at === 'opening'} onClick={() => void download()}>
        <Icon name="file" />
        <span>
          <span class="strong">{document.name}</span>
          <br />
          {opening.at === 'opening'
            ? moreWords.fileOpening
            : `${moreWords.fileDownload} (${formatSize(document.bytes)})`}
        </span>
      </button>
      {'note' in document && document.note !== null && <FileNote code={document.note} />}
      <Trouble opening={opening} />
    </div>
  );
}

/** Why a file is only offered as bytes, in words; the gateway writes a code, or a sentence. */
function FileNote({ code }: { code: string }): JSX.Element {
  const known: Readonly<Record<string, string>> = moreWords.fileNotes;
  const isHarmless = code === 'text-continued' || code === 'attached-letter';
  const isSentence = code.includes(' ');
  const told = Object.hasOwn(known, code) ? known[code] : isSentence ? code : moreWords.fileNoteOther(code);
  return <p class={isHarmless ? 'muted' : 'note amber'}>{told}</p>;
}

function sizeOf(photo: Photo): { width?: number; height?: number } {
  return 'width' in photo ? { width: photo.width, height: photo.height } : {};
}

/** What a reply of ours brings along. */
export function ReplyTiles(
  props: Omit<TileProps, 'document'> & { attachments: readonly ReplyAttachment[] },
): JSX.Element {
  const { session, conversationId, attachments } = props;
  const place = { session, conversationId };
  return (
    <>
      {attachments.map((one) => {
        const isPhoto = one.mediaType === 'image/jpeg' || one.mediaType === 'image/png';
        return isPhoto ? (
          <PhotoTile key={one.blobId} {...place} document={one} />
        ) : (
          <FileTile key={one.blobId} {...place} document={one} />
        );
      })}
    </>
  );
}

function Trouble({ opening }: { opening: Opening }): JSX.Element | null {
  if (opening.at !== 'failed') return null;
  return (
    <p class="note red" role="alert">
      {moreWords.attachmentTroubles[opening.trouble]}
    </p>
  );
}
