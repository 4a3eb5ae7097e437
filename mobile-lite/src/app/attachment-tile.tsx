/**
 * Photos and files of a letter or a reply. A photo is shown in the page and nowhere else; a file is offered for download as
 * plain bytes, so that no document ever runs inside the app: of a PDF the app draws only the picture of its first page that
 * the gateway made. Small pictures come by themselves, everything else when it is asked for.
 */
import type { ReplyMessage } from '@estafette/contracts/message';
import type { JSX } from 'preact';
import type { AttachedDocument } from '../device/attachment.ts';
import type { DeviceSession } from '../device/device-session.ts';
import { moreWords } from '../words/words.ts';
import { useOpening } from './blob-opening.ts';
import { formatSize } from './format.ts';
import { Icon } from './icons.tsx';
import { LongText } from './long-text.tsx';
import { PictureView, Trouble } from './picture-view.tsx';

type ReplyAttachment = NonNullable<ReplyMessage['attachments']>[number];
/** A reply says neither the size of a photo nor a note on a file, and has no views. */
type Photo = Extract<AttachedDocument, { kind: 'photo' }> | ReplyAttachment;
type AnyFile = Extract<AttachedDocument, { kind: 'file' }> | ReplyAttachment;
type Preview = NonNullable<Extract<AttachedDocument, { kind: 'file' }>['preview']>;

interface TileProps<T> {
  session: DeviceSession;
  conversationId: string;
  document: T;
}

export function PhotoTile(props: TileProps<Photo>): JSX.Element {
  const { document } = props;
  const views = 'kind' in document ? document : { thumbnail: undefined, screen: undefined };
  const large = views.screen ?? document;
  return (
    <div class="tile" data-testid="photo">
      <PictureView
        place={props}
        small={views.thumbnail ?? large}
        large={large}
        itself={views.thumbnail !== undefined}
        alt={moreWords.photoOf(document.name)}
        enlarge={moreWords.photoEnlarge}
      />
    </div>
  );
}

export function FileTile(props: TileProps<AnyFile>): JSX.Element {
  const { document } = props;
  const preview = 'preview' in document ? document.preview : undefined;
  const [opening, open] = useOpening(props, document, 'application/octet-stream');
  const download = async (): Promise<void> => {
    const href = await open();
    if (href === null) return;
    const link = window.document.createElement('a');
    link.href = href;
    link.download = document.name;
    link.click();
  };
  const size = `${moreWords.fileDownload} (${formatSize(document.bytes)})`;
  return (
    <div class="tile" data-testid="file">
      {preview && <FilePreview {...props} preview={preview} />}
      <button class="quiet" type="button" disabled={opening.at === 'opening'} onClick={() => void download()}>
        <Icon name="file" />
        <span>
          <span class="strong">{document.name}</span>
          {preview && <span class="muted"> {moreWords.filePages(preview.pages)}</span>}
          <br />
          {opening.at === 'opening' ? moreWords.fileOpening : size}
        </span>
      </button>
      {'note' in document && document.note !== null && <FileNote code={document.note} />}
      {opening.at === 'failed' && <Trouble trouble={opening.trouble} />}
    </div>
  );
}

/** The first page as a picture; its text where no picture could be made, else folded, for who cannot see it. */
function FilePreview(props: TileProps<AnyFile> & { preview: Preview }): JSX.Element {
  const { preview, document } = props;
  const { picture } = preview;
  const text = preview.text.trim();
  return (
    <>
      {picture && (
        <PictureView
          place={props}
          small={picture}
          large={picture}
          itself
          alt={moreWords.filePreview(document.name)}
          enlarge={moreWords.filePreviewEnlarge}
        />
      )}
      {text !== '' && picture === null && <LongText text={text} lines={3} look="report-text" testId="file-text" />}
      {text !== '' && picture !== null && (
        <details>
          <summary>{moreWords.fileText}</summary>
          <div class="report-text" data-testid="file-text">
            {text}
          </div>
        </details>
      )}
    </>
  );
}

/** Why a file is only offered as bytes, in words; the gateway writes a code, or a sentence. */
function FileNote({ code }: { code: string }): JSX.Element {
  const known: Readonly<Record<string, string>> = moreWords.fileNotes;
  const isHarmless = code === 'text-continued' || code === 'attached-letter' || code === 'picture-original';
  const isSentence = code.includes(' ');
  const told = Object.hasOwn(known, code) ? known[code] : isSentence ? code : moreWords.fileNoteOther(code);
  return <p class={isHarmless ? 'muted' : 'note amber'}>{told}</p>;
}

/** What a reply of ours brings along. */
export function ReplyTiles(
  props: Omit<TileProps<unknown>, 'document'> & { attachments: readonly ReplyAttachment[] },
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
