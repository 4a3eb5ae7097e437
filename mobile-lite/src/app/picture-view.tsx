/**
 * A picture that is large: a small one of it in the conversation, the one for the screen when it is opened. The small one
 * comes by itself when it is near the screen; where there is none, or it cannot be had, it is asked for with a tap.
 */
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { AttachedBlob, AttachmentTrouble } from '../device/attachment.ts';
import { moreWords, words } from '../words/words.ts';
import { type BlobPlace, pictureType, useOpening, useSight } from './blob-opening.ts';
import { formatSize } from './format.ts';
import { Icon } from './icons.tsx';

export type Picture = AttachedBlob & {
  readonly mediaType: string;
  readonly bytes: number;
  readonly width?: number;
  readonly height?: number;
};

interface PictureProps {
  place: BlobPlace;
  /** Shown in the conversation, and opened. */
  small: Picture;
  large: Picture;
  /** Whether the small one comes by itself. */
  itself: boolean;
  alt: string;
  enlarge: string;
}

export function PictureView(props: PictureProps): JSX.Element {
  const { place, small, large, itself, alt } = props;
  const [shown, open] = useOpening(place, small, pictureType(small.mediaType));
  const [whole, openWhole] = useOpening(place, large, pictureType(large.mediaType));
  const dialog = useRef<HTMLDialogElement>(null);
  const frame = useSight<HTMLDivElement>(itself, () => void open());
  const enlarge = (): void => {
    dialog.current?.showModal();
    if (large !== small) void openWhole();
  };
  const isAwaited = itself && (shown.at === 'closed' || shown.at === 'opening');
  return (
    <div class={isAwaited ? 'picture awaited' : 'picture'} ref={frame}>
      {shown.at === 'open' && (
        <button class="thumb" type="button" aria-label={props.enlarge} onClick={enlarge}>
          <img src={shown.url} alt={alt} width={small.width} height={small.height} />
        </button>
      )}
      {!isAwaited && shown.at !== 'open' && (
        <button class="quiet" type="button" disabled={shown.at === 'opening'} onClick={() => void open()}>
          <Icon name="photo" />
          {shown.at === 'opening' ? moreWords.fileOpening : moreWords.photoShow(formatSize(small.bytes))}
        </button>
      )}
      {isAwaited && <p class="muted">{moreWords.fileOpening}</p>}
      {shown.at === 'failed' && <Trouble trouble={shown.trouble} />}
      {shown.at === 'open' && (
        <dialog class="viewer" ref={dialog} aria-label={alt}>
          <p>
            <button type="button" class="primary" onClick={() => dialog.current?.close()}>
              {words.close}
            </button>{' '}
            {whole.at === 'opening' && <span role="status">{moreWords.fileOpening}</span>}
          </p>
          {whole.at === 'failed' && <Trouble trouble={whole.trouble} />}
          <img src={whole.at === 'open' ? whole.url : shown.url} alt={alt} />
        </dialog>
      )}
    </div>
  );
}

/** Why it cannot be shown now. */
export function Trouble({ trouble }: { trouble: AttachmentTrouble }): JSX.Element {
  return (
    <p class="note red" role="alert">
      {moreWords.attachmentTroubles[trouble]}
    </p>
  );
}
