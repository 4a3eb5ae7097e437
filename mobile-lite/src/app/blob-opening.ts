/** Photos, files and pictures of them, fetched and opened on a device, as object URLs that die with what shows them. */
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type AttachedBlob, AttachmentError, type AttachmentTrouble } from '../device/attachment.ts';
import type { DeviceSession } from '../device/device-session.ts';

/** The conversation a blob lies in. */
export interface BlobPlace {
  readonly session: DeviceSession;
  readonly conversationId: string;
}

export type Opening =
  | { at: 'closed' }
  | { at: 'opening' }
  | { at: 'open'; url: string }
  | { at: 'failed'; trouble: AttachmentTrouble };

/** How far it is opened, and how to open it; opening what is open gives it again. */
export function useOpening(
  { session, conversationId }: BlobPlace,
  blob: AttachedBlob,
  mediaType: string,
): [Opening, () => Promise<string | null>] {
  const [opening, setOpening] = useState<Opening>({ at: 'closed' });
  const url = useRef<string | null>(null);
  useEffect(() => () => (url.current === null ? undefined : URL.revokeObjectURL(url.current)), []);
  const open = async (): Promise<string | null> => {
    if (url.current !== null) return url.current;
    setOpening({ at: 'opening' });
    try {
      const bytes = await session.openAttachment(conversationId, blob);
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

/** A picture is drawn as one of the two kinds that are shown here, whatever it calls itself. */
export function pictureType(mediaType: string): 'image/png' | 'image/jpeg' {
  return mediaType === 'image/png' ? 'image/png' : 'image/jpeg';
}

/** Calls `onSight` once, when the element comes near the screen. */
export function useSight<E extends Element>(isWanted: boolean, onSight: () => void): RefObject<E | null> {
  const element = useRef<E | null>(null);
  useEffect(() => {
    if (!isWanted || element.current === null) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        observer.disconnect();
        onSight();
      },
      { rootMargin: '200px' },
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [isWanted]);
  return element;
}
