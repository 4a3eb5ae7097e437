/** How components watch what lives outside of them: the session, the time, the address, the page's visibility. */
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { DeviceSession } from '../device/device-session.ts';
import type { DeviceSnapshot } from '../device/device-snapshot.ts';
import { type Route, readRoute } from './route.ts';

export function useSnapshot(session: DeviceSession): DeviceSnapshot {
  const [snapshot, setSnapshot] = useState(() => session.getSnapshot());
  useEffect(() => {
    const look = (): void => setSnapshot(session.getSnapshot());
    look();
    return session.subscribe(look) as () => void;
  }, [session]);
  return snapshot;
}

/** The server's time, renewed every `everyMs`. */
export function useServerNow(session: DeviceSession, everyMs: number): number {
  const [now, setNow] = useState(() => session.serverNow());
  useEffect(() => {
    setNow(session.serverNow());
    const timer = setInterval(() => setNow(session.serverNow()), everyMs);
    return () => clearInterval(timer);
  }, [session, everyMs]);
  return now;
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => readRoute(location.hash));
  useEffect(() => {
    const look = (): void => setRoute(readRoute(location.hash));
    addEventListener('hashchange', look);
    return () => removeEventListener('hashchange', look);
  }, []);
  return route;
}

/** How long something must be in sight to count as seen. */
const SEEN_MS = 1_000;

/** Calls `onSeen` when the element, all of it, was in sight for a second on a page that is looked at. */
export function useSeen<E extends Element>(onSeen: () => void): RefObject<E | null> {
  const element = useRef<E | null>(null);
  const visible = usePageVisible();
  useEffect(() => {
    if (!visible || element.current === null) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        clearTimeout(timer);
        if ((entries.at(-1)?.intersectionRatio ?? 0) > 0.99) timer = setTimeout(onSeen, SEEN_MS);
      },
      { threshold: [0, 1] },
    );
    observer.observe(element.current);
    return () => {
      observer.disconnect();
      clearTimeout(timer);
    };
  }, [visible]);
  return element;
}

export function usePageVisible(): boolean {
  const [visible, setVisible] = useState(() => document.visibilityState === 'visible');
  useEffect(() => {
    const look = (): void => setVisible(document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  return visible;
}
