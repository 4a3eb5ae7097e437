/** How components watch what lives outside of them: the session, the time, the address, the page's visibility. */
import { useEffect, useState } from 'preact/hooks';
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

export function usePageVisible(): boolean {
  const [visible, setVisible] = useState(() => document.visibilityState === 'visible');
  useEffect(() => {
    const look = (): void => setVisible(document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  return visible;
}
